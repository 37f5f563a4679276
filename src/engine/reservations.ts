import { LRUCache } from 'lru-cache'
import type { Instant } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import type { EngineNeeds } from './needs.ts'
import type { Reserved } from './ports.ts'

/** Milliseconds for which the store's answer is counted on: other processes reserve, too. */
const FRESH = 1_000

/** Owners whose sums are remembered. */
const REMEMBERED = 10_000

/** A share of an owner's open uploads; disposing it repeatedly is harmless. */
export interface Share extends Disposable {
  readonly owner: string
}

/** Shares of the uploads that are open at a time. */
export interface Reservations {
  /**
   * Takes a share for an upload that no store knows of yet; disposing it (once it is stored, or
   * given up) is harmless when repeated. Refuses with `too-many-uploads`. An owner with nothing reserved may
   * always start one upload, however large.
   */
  take(owner: string, size: number): Share | Promise<Share>
}

/** Never less than what is reserved in truth: what ended since the store was asked is still counted. */
interface Bound {
  uploads: number
  bytes: number
  readonly until: Instant
}

/** Counts in memory what was taken here since the store was last asked; it is asked again at the limit. */
export function reservations({ slots, clock, policy }: EngineNeeds): Reservations {
  const bounds = new LRUCache<string, Bound>({ max: REMEMBERED })
  const asking = new Map<string, Promise<Bound>>()
  /** Taken here and not stored. */
  const unstored = new Map<string, { -readonly [sum in keyof Reserved]: Reserved[sum] }>()

  function add(owner: string, uploads: number, bytes: number): void {
    const sums = unstored.get(owner)
    if (sums === undefined) {
      unstored.set(owner, { uploads, bytes })
      return
    }
    sums.uploads += uploads
    sums.bytes += bytes
    if (sums.uploads === 0) unstored.delete(owner)
  }

  async function ask(owner: string): Promise<Bound> {
    // Looked at before the store: what is stored meanwhile is counted twice rather than not at all.
    const { uploads, bytes } = unstored.get(owner) ?? NOTHING
    const stored = await slots.reserved(owner)
    const sums = { uploads: stored.uploads + uploads, bytes: stored.bytes + bytes }
    const bound: Bound = { ...sums, until: clock() + FRESH }
    bounds.set(owner, bound)
    return bound
  }

  /** The store's present answer. Nobody takes a share meanwhile: all wait for the same answer. */
  function boundOf(owner: string, size: number): Bound | Promise<Bound> {
    const running = asking.get(owner)
    if (running !== undefined) return running
    const bound = bounds.get(owner)
    if (bound !== undefined && clock() < bound.until && hasRoom(bound, size)) return bound
    return askAlone(owner)
  }

  /** Who asked first is answered first. */
  function askAlone(owner: string): Promise<Bound> {
    const answer = ask(owner)
    const answered = (): boolean => asking.delete(owner)
    asking.set(owner, answer)
    void answer.then(answered, answered)
    return answer
  }

  function hasRoom(bound: Bound, size: number): boolean {
    const { openUploadsPerOwner, reservedBytesPerOwner } = policy()
    if (bound.uploads + 1 > openUploadsPerOwner) return false
    return bound.uploads === 0 || bound.bytes + size <= reservedBytesPerOwner
  }

  function takeFrom(bound: Bound, owner: string, size: number): Share {
    const { uploads, bytes } = bound
    if (!hasRoom(bound, size)) throw new Refusal('too-many-uploads', { uploads, bytes })
    bound.uploads += 1
    bound.bytes += size
    add(owner, 1, size)
    return new TakenShare(owner, () => add(owner, -1, -size))
  }

  return {
    take(owner, size) {
      const bound = boundOf(owner, size)
      if (!(bound instanceof Promise)) return takeFrom(bound, owner, size)
      return bound.then((answer) => takeFrom(answer, owner, size))
    },
  }
}

/** A class, because one is made per upload. */
class TakenShare implements Share {
  readonly owner: string
  readonly #giveBack: () => void
  #isTaken = true

  constructor(owner: string, giveBack: () => void) {
    this.owner = owner
    this.#giveBack = giveBack
  }

  [Symbol.dispose](): void {
    if (this.#isTaken) this.#giveBack()
    this.#isTaken = false
  }
}

const NOTHING: Reserved = { uploads: 0, bytes: 0 }
