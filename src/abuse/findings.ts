import type { Clock, Instant } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import { MOST_MARKS, type Mark, type MarkStore } from './ports.ts'

/** That a pattern was found of somebody, and for how long that holds. */
export interface Finding {
  /** Without spaces. */
  readonly pattern: string
  /** Of whom it was found: a session, a network, a user. */
  readonly subject: string
  readonly until: Instant
}

/** What is found of clients, as this process knows it. Disposing tells the others what they do not know yet. */
export interface Findings extends AsyncDisposable {
  /** Whether nothing holds of anybody: so it is with most servers. */
  isEmpty(): boolean
  /** Whether a pattern was found of somebody and holds. */
  holds(pattern: string, subject: string): boolean
  /** Takes note of a finding; the others learn of it, too, if it `isShared`. Whether it is news: one that holds is none. */
  note(finding: Finding, options: { readonly isShared: boolean }): boolean
  /** Ends a finding, here and everywhere. */
  lift(pattern: string, subject: string): void
  /**
   * Tells the others what is new here, and takes over what they found or ended. While the store cannot be reached every
   * process goes on with what it knows.
   */
  refresh(): Promise<void>
}

/** What the findings are kept with. */
export interface FindingsNeeds {
  /** Where all processes have theirs. */
  readonly store: MarkStore
  readonly clock: Clock
  /** Told of findings of others, but for those that there were before this process began. */
  readonly learnt?: (finding: Finding) => void
}

/** A finding and who knows of it. */
interface Entry {
  readonly until: Instant
  readonly known: 'here' | 'untold' | 'everywhere'
}

export function findings({ store, clock, learnt = () => undefined }: FindingsNeeds): Findings {
  const entries = new Map<string, Entry>()
  const lifted = new Set<string>()
  let isFirst = true

  function isHolding(name: string): boolean {
    const entry = entries.get(name)
    return entry !== undefined && entry.until > clock()
  }

  async function tellOthers(): Promise<void> {
    for (const name of lifted) {
      await store.remove(name)
      lifted.delete(name)
    }
    for (const [name, entry] of entries) {
      if (entry.known !== 'untold') continue
      await store.put({ name, until: entry.until })
      if (entries.get(name) === entry) entries.set(name, { ...entry, known: 'everywhere' })
    }
  }

  function takeOver(marks: readonly Mark[]): void {
    const names = new Set(marks.map(({ name }) => name))
    for (const [name, { known, until }] of entries) {
      const isEnded = known === 'everywhere' ? !names.has(name) : until <= clock()
      if (isEnded) entries.delete(name)
    }
    for (const { name, until } of marks) {
      // Ended here while the store was asked, which learns of it next time.
      if (lifted.has(name)) continue
      const isNews = !entries.has(name)
      entries.set(name, { until, known: 'everywhere' })
      if (isNews && !isFirst) learnt(findingOf({ name, until }))
    }
    isFirst = false
  }

  async function refresh(): Promise<void> {
    try {
      await tellOthers()
      takeOver(await store.all())
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'state-unavailable') throw error
    }
  }

  return {
    isEmpty: () => entries.size === 0,
    holds: (pattern, subject) => isHolding(nameOf(pattern, subject)),
    note({ pattern, subject, until }, { isShared }): boolean {
      const name = nameOf(pattern, subject)
      if (isHolding(name)) return false
      forgetOldest(entries)
      entries.set(name, { until, known: isShared ? 'untold' : 'here' })
      return true
    },
    lift(pattern, subject): void {
      const name = nameOf(pattern, subject)
      if (entries.delete(name)) lifted.add(name)
    },
    refresh,
    [Symbol.asyncDispose]: refresh,
  }
}

/** Makes room for one more. */
function forgetOldest(entries: Map<string, Entry>): void {
  if (entries.size < MOST_MARKS) return
  const [oldest] = entries.keys()
  if (oldest !== undefined) entries.delete(oldest)
}

/** The name under which a finding stands in the list. */
export function nameOf(pattern: string, subject: string): string {
  return `${pattern} ${subject}`
}

/** The finding that a name in the list stands for. */
export function findingOf({ name, until }: Mark): Finding {
  const end = name.indexOf(' ')
  return { pattern: name.slice(0, end), subject: name.slice(end + 1), until }
}
