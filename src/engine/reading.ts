import { LRUCache } from 'lru-cache'
import type { Instant } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import { type Fingerprint, type SlotPath, fingerprintOf } from '../core/slot-path.ts'
import type { Activities, Activity } from './activity.ts'
import type { Engine, Lookup, PublishedFile } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import { publishedFile, servable } from './publishing.ts'
import { type SlotRecord, isReserving, lastByteIn } from './slot-record.ts'

/** What a reader is told may be this old, in milliseconds: another process may have removed the file. */
const FRESH = 1_000

/** Published files whose records are remembered, so that a popular one costs no query. */
const REMEMBERED = 10_000

interface Remembered {
  readonly lookup: Lookup
  readonly until: Instant
}

/** The engine's verbs for readers. */
export interface Reading extends Pick<Engine, 'lookup' | 'untilPublished' | 'read' | 'location'> {
  /** The path's file is gone: readers must know at once. */
  forget(path: SlotPath): void
  /** The file was published just now: it can be read even if the state is lost. */
  remember(file: PublishedFile): void
  /** The slot may have been published by another process: whoever waits for it here looks again. */
  readonly notice: (slot: Fingerprint) => void
}

export function reading(needs: EngineNeeds, activity: Activities): Reading {
  const { slots, blobs, clock } = needs
  const remembered = new LRUCache<SlotPath, Remembered>({ max: REMEMBERED })
  return {
    async lookup(path): Promise<Lookup> {
      const known = remembered.get(path)
      if (known !== undefined && clock() < known.until) return known.lookup
      try {
        return await look(path, known?.lookup)
      } catch (error) {
        // What is published never changes: a file that is known can be read without the state.
        if (known === undefined || !isStateLost(error) || hasEnded(known.lookup, clock()))
          throw error
        return known.lookup
      }
    },
    async untilPublished(path, signal): Promise<PublishedFile> {
      const fingerprint = fingerprintOf(path)
      const published = activity.untilPublished(fingerprint, signal)
      published.catch(() => undefined)
      // It may have been published between the reader's look and the start of the wait.
      const record = await slots.find(fingerprint)
      const file = record === undefined ? undefined : publishedFile(record)
      return file ?? (await published)
    },
    read: ({ id }, request) => blobs.read(id, request),
    location: ({ id }) => blobs.location(id),
    remember: (file) => keep(file.path, { kind: 'published', file }, file.expiresAt),
    forget(path): void {
      remembered.delete(path)
    },
    notice(slot): void {
      // A look that fails leaves the readers where they were: they wait until their time is over.
      if (activity.isAwaited(slot)) wake(slot).catch(() => undefined)
    },
  }

  async function look(path: SlotPath, known: Lookup | undefined): Promise<Lookup> {
    const fingerprint = fingerprintOf(path)
    const record = await slots.find(fingerprint)
    const file = record === undefined ? undefined : servable(record, clock())
    if (file === undefined) {
      return await unfinished({ record, live: activity.find(fingerprint) }, fingerprint, needs)
    }
    const lookup = sameFile(known, file) ?? { kind: 'published', file }
    keep(path, lookup, file.expiresAt)
    return lookup
  }

  function keep(path: SlotPath, lookup: Lookup, expiresAt: Instant = Infinity): void {
    remembered.set(path, { lookup, until: Math.min(clock() + FRESH, expiresAt) })
  }

  async function wake(slot: Fingerprint): Promise<void> {
    const record = await slots.find(slot)
    const file = record === undefined ? undefined : servable(record, clock())
    if (file !== undefined) activity.announce(slot, file)
  }
}

/** What a reader is told of a slot without a file. */
async function unfinished(
  { record, live }: { record: SlotRecord | undefined; live: Activity | undefined },
  fingerprint: Fingerprint,
  { leases, clock }: EngineNeeds,
): Promise<Lookup> {
  const slot = record ?? live?.record()
  if (slot === undefined) {
    // An upload that begins, here or in another process, or is just taken over, may not be stored yet.
    const isBusy = (await leases.isHeldElsewhere(fingerprint)) || leases.isHeld(fingerprint)
    return isBusy ? { kind: 'unfinished', lastByteAt: clock() } : { kind: 'unknown' }
  }
  if (!isReserving(slot)) return { kind: 'unknown' }
  const lastByteAt = live?.lastByteAt ?? lastByteIn(slot)
  return lastByteAt === 0 ? { kind: 'unfinished' } : { kind: 'unfinished', lastByteAt }
}

function isStateLost(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'state-unavailable'
}

function hasEnded(lookup: Lookup, now: Instant): boolean {
  return lookup.kind !== 'published' || (lookup.file.expiresAt ?? Infinity) <= now
}

/** The answer given before, if it still holds: whoever keeps something per file object finds it again. */
function sameFile(known: Lookup | undefined, file: PublishedFile): Lookup | undefined {
  return known?.kind === 'published' && known.file.id === file.id ? known : undefined
}
