import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ClientAddress } from '../core/client-address.ts'
import type { Instant } from '../core/clock.ts'
import { passingMap } from '../core/passing-map.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { Committer } from './committing.ts'
import type { IsUnwanted, PublishedFile } from './engine.ts'
import type { Face, SlotRecord } from './slot-record.ts'
import type { Holder } from './tenure.ts'

/** A request that is writing to a slot at this moment, in this process. */
export interface Activity {
  readonly client: ClientAddress
  /** Of the upload that it writes to. */
  readonly face: Face
  /** The slot as its writer sees it; a new one may not be stored yet. */
  readonly record: () => SlotRecord
  readonly holder: Pick<Holder, 'end' | 'arrived'>
  lastByteAt?: Instant
  /** Ends the sender, which can come back and go on; absent where it can't. */
  readonly pause?: () => void
  /** Keeps its upload meanwhile; absent before its body is read. */
  commits?: Committer
  /** Whoever is about to take its place means to go on with its bytes. */
  isWanted?: boolean
  /** Whoever ends it is in this process, and tells of it. */
  isEndedHere?: boolean
}

/** What goes on in this process right now: who writes where, and who waits for what. */
export interface Activities {
  /** Notes that `activity` is writing; disposing ends it. */
  begin(slot: Fingerprint, activity: Activity): Disposable
  find(slot: Fingerprint): Activity | undefined
  /** Finds the request whose place another of this process is about to take. */
  rivalOf(slot: Fingerprint): Activity | undefined
  /** Ends all senders that can come back and go on. */
  pause(): void
  /** Ends the senders that are unwanted, but for those that begin meanwhile. Resolves to how many that were. */
  endUnwanted(isUnwanted: IsUnwanted, signal: AbortSignal): Promise<number>
  /** Looks whether time alone makes something of an upload due to be kept. */
  keep(): void
  /** Resolves when the slot is published here; rejects with the signal's reason. */
  untilPublished(slot: Fingerprint, signal: AbortSignal): Promise<PublishedFile>
  announce(slot: Fingerprint, file: PublishedFile): void
  /** Whether somebody waits for the slot here. */
  isAwaited(slot: Fingerprint): boolean
}

/** Senders that are asked about before everybody else gets a turn. */
const TURN = 100

type Waiter = (file: PublishedFile) => void

/** `published` is told of every file that is announced. */
export function activities(published: (file: PublishedFile) => void): Activities {
  const writing = passingMap<Fingerprint, Activity>()
  const waiting = new Map<Fingerprint, Set<Waiter>>()
  return {
    begin(slot, activity): Disposable {
      writing.set(slot, activity)
      return new Doing(() => {
        // Whoever has it on a list must not end what comes next on its connection.
        activity.holder.arrived()
        if (writing.get(slot) === activity) writing.delete(slot)
      })
    },
    find: (slot) => writing.get(slot),
    rivalOf(slot): Activity | undefined {
      const rival = writing.get(slot)
      if (rival !== undefined) rival.isEndedHere = true
      return rival
    },
    pause(): void {
      for (const activity of writing.values()) {
        if (activity.pause === undefined) continue
        activity.isEndedHere = true
        activity.pause()
      }
    },
    async endUnwanted(isUnwanted, signal): Promise<number> {
      const begun = [...writing.values()]
      let [asked, ended] = [0, 0]
      for (const { client, record, holder } of begun) {
        asked += 1
        if (asked % TURN === 0) await nextTurn()
        if (signal.aborted) break
        if ((await isUnwanted({ client, slot: record() })) && holder.end()) ended += 1
      }
      return ended
    },
    keep(): void {
      for (const { commits } of writing.values()) commits?.look()
    },
    async untilPublished(slot, signal): Promise<PublishedFile> {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<PublishedFile>()
      const waiters = waiting.get(slot) ?? new Set<Waiter>()
      waiting.set(slot, waiters.add(resolve))
      const give = (): void => reject(signal.reason)
      signal.addEventListener('abort', give, { once: true })
      try {
        return await promise
      } finally {
        signal.removeEventListener('abort', give)
        waiters.delete(resolve)
        if (waiters.size === 0 && waiting.get(slot) === waiters) waiting.delete(slot)
      }
    },
    announce(slot, file): void {
      published(file)
      for (const resolve of waiting.get(slot) ?? []) resolve(file)
    },
    isAwaited: (slot) => waiting.has(slot),
  }
}

/** A class, because one is made per upload. */
class Doing implements Disposable {
  readonly #end: () => void

  constructor(end: () => void) {
    this.#end = end
  }

  [Symbol.dispose](): void {
    this.#end()
  }
}
