import type { Clock } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import { tellingOnce } from '../core/trouble.ts'
import type { FindingStore } from './finding-store.ts'
import { type Finding, type FindingTable, findingTable } from './finding-table.ts'

/** What is found of clients, as this process knows it. Disposing tells the others what they do not know yet. */
export interface Findings extends AsyncDisposable {
  /** Whether nothing holds of anybody: so it is with most servers. */
  isEmpty(): boolean
  /** That a pattern was found of somebody, while it holds; nothing if it does not, or is only watched for. */
  find(pattern: string, subject: string): Finding | undefined
  /**
   * Takes note of a finding. One that `isShared` holds, and the others learn of it; any other is only not told again.
   * Whether it is news: one that is known is none, unless it was not shared and now is.
   */
  note(finding: Finding, options: { readonly isShared: boolean }): boolean
  /**
   * Ends a finding, here and everywhere, and what others found of the same by its `at`. One that `isShared` ends
   * also where it is not known here yet. Resolves to whether it was known here. Rejects with
   * `Refusal('state-unavailable')`.
   */
  lift(finding: Finding, options: { readonly isShared: boolean }): Promise<boolean>
  /**
   * Tells the others what is new here, and takes over what they found or ended. While the store cannot be reached every
   * process goes on with what it knows.
   */
  refresh(): Promise<void>
}

/** What the findings are kept with. */
export interface FindingsNeeds {
  readonly store: FindingStore
  readonly clock: Clock
  /** Told of findings of others, but for those that there were before this process began. */
  readonly learnt?: (finding: Finding) => void
  /** Told once that the store cannot be read or written, until it can be again. */
  readonly lost?: (error: Refusal) => void
}

/** A finding, and whether the others know of it. */
interface Shared extends Finding {
  readonly isTold: boolean
}

/** What this process holds. */
interface Held {
  readonly shared: FindingTable<Shared>
  /** What ended here while the store was asked: it may not have known yet. */
  readonly lifted: FindingTable<Finding>
}

const nothing = (): void => undefined

export function findings(needs: FindingsNeeds): Findings {
  const { store, clock, lost = nothing } = needs
  const watched = findingTable<Finding>()
  const held: Held = { shared: findingTable<Shared>(), lifted: findingTable<Finding>() }
  const { shared, lifted } = held
  const takeOver = takingOver(held, needs)
  const tellOf = tellingOnce(lost)

  const isHolding = (found: Finding | undefined): found is Finding =>
    found !== undefined && found.until > clock()

  async function refresh(): Promise<void> {
    // What cannot be written must not keep this process from what others ended.
    const troubles = [
      await troubleOf(async () => await tellOthers(held, store)),
      await troubleOf(takeOver),
    ]
    tellOf(troubles.find((each) => each !== undefined))
  }

  return {
    isEmpty: () => shared.isEmpty(),
    find(pattern, subject): Finding | undefined {
      const found = shared.get({ pattern, subject })
      return isHolding(found) ? found : undefined
    },
    note(finding, { isShared }): boolean {
      if (isHolding(shared.get(finding))) return false
      if (!isShared && isHolding(watched.get(finding))) return false
      if (isShared) shared.set({ ...finding, isTold: false })
      else watched.set(finding)
      return true
    },
    async lift(finding, { isShared }): Promise<boolean> {
      watched.delete(finding)
      const isKnown = isHolding(shared.get(finding))
      if (!isKnown && !isShared) return false
      await store.end(finding)
      shared.delete(finding)
      lifted.set(finding)
      return isKnown
    },
    refresh,
    [Symbol.asyncDispose]: refresh,
  }
}

async function tellOthers({ shared }: Held, store: FindingStore): Promise<void> {
  const untold = [...shared].filter(({ isTold }) => !isTold)
  await store.put(untold)
  for (const finding of untold) {
    if (shared.get(finding) === finding) shared.set({ ...finding, isTold: true })
  }
}

/** Makes what is stored what this process holds, each time that it is called. */
function takingOver(
  { shared, lifted }: Held,
  { store, clock, learnt = nothing }: FindingsNeeds,
): () => Promise<void> {
  let isFirst = true
  return async () => {
    for (const ended of lifted) lifted.delete(ended)
    const stored = latestOf(await store.all())
    for (const finding of shared) {
      const { isTold, until } = finding
      const isEnded = isTold ? stored.get(finding) === undefined : until <= clock()
      if (isEnded) shared.delete(finding)
    }
    for (const finding of stored) {
      if (lifted.get(finding) !== undefined) continue
      const isNews = shared.get(finding) === undefined
      shared.set({ ...finding, isTold: true })
      if (isNews && !isFirst) learnt(finding)
    }
    isFirst = false
  }
}

/** Of two that were made of the same at once the later one is kept, as in the store. */
function latestOf(all: readonly Finding[]): FindingTable<Finding> {
  const latest = findingTable<Finding>()
  for (const finding of all) {
    if (finding.at > (latest.get(finding)?.at ?? -Infinity)) latest.set(finding)
  }
  return latest
}

/** Why the store could not be asked; nothing if it could. */
async function troubleOf(work: () => Promise<void>): Promise<Refusal | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof Refusal && error.code === 'state-unavailable') return error
    throw error
  }
}
