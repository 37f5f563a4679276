import type { ByteSource } from '../core/bytes.ts'
import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { Abandonment } from './events.ts'
import { type EngineNeeds, ID_BYTES, contextOf } from './needs.ts'
import { SETTLING_WAIT } from './policy.ts'
import type { Lease } from './ports.ts'
import type { LeaseToken, SlotRecord, UploadRecord } from './slot-record.ts'
import { type SlotEvent, next, releasedParts } from './transitions.ts'

/** A request that wants to write, or does: what somebody newer asks to give way. */
export interface Holder {
  readonly client: ClientAddress
  /** Asked by a newer request, from the network `by`: ends the sender, unless its last byte has come. */
  release(by?: string): void
  /** Ends the sender as if its network had, unless its body has come whole; whether this call did. */
  end(): boolean
  /** The body has come whole: only somebody newer ends the sender from now on. */
  arrived(): void
  /** From now on nothing stops the upload (its last byte has come). */
  settle(): void
  /** Whether a newer request asked for the place. */
  isReleased(): boolean
  /** Name of the network from which the newer request came, if known. */
  rivalNetwork(): string | undefined
  /** Whether its sender was ended, or a newer request asked for the place. */
  isOver(): boolean
  /** Aborts when that becomes so. Made only for who needs it. */
  untilOver(): AbortSignal
}

/** A holder whose sender is `body`; without one there is nothing to cut. */
export function holderOf(client: ClientAddress, body?: ByteSource): Holder {
  return new Sender(client, body)
}

/** A class, because one is made per upload. */
class Sender implements Holder {
  readonly client: ClientAddress
  readonly #body: ByteSource | undefined
  #isSettled = false
  #hasArrived = false
  #isReleased = false
  #isEnded = false
  #rival: string | undefined = undefined
  #over: AbortController | undefined = undefined

  constructor(client: ClientAddress, body: ByteSource | undefined) {
    this.client = client
    this.#body = body
  }

  release(by?: string): void {
    if (this.#isSettled) return
    this.#isReleased = true
    this.#rival = by === '' ? undefined : by
    this.#stop()
  }

  end(): boolean {
    if (this.#isSettled || this.#hasArrived || this.isOver()) return false
    this.#isEnded = true
    this.#stop()
    return true
  }

  arrived(): void {
    this.#hasArrived = true
  }

  settle(): void {
    this.#isSettled = true
  }

  isReleased(): boolean {
    return this.#isReleased
  }

  rivalNetwork(): string | undefined {
    return this.#rival
  }

  isOver(): boolean {
    return this.#isReleased || this.#isEnded
  }

  untilOver(): AbortSignal {
    this.#over ??= new AbortController()
    if (this.isOver()) this.#over.abort()
    return this.#over.signal
  }

  #stop(): void {
    this.#body?.cut()
    this.#over?.abort()
  }
}

const NEVER = new AbortController().signal

/**
 * Waits for the right to write to a slot. Refuses (`upload-settling`) when the present holder,
 * whose last byte has come, does not finish in time.
 */
export function acquireLease(
  slot: Fingerprint,
  holder: Holder,
  { leases, deadline, networkName }: EngineNeeds,
): Lease | 'superseded' | Promise<Lease | 'superseded'> {
  const signal = leases.isHeld(slot) ? deadline(SETTLING_WAIT) : NEVER
  const by = networkName(holder.client)
  const lease = leases.acquire(slot, { release: (rival) => holder.release(rival), signal, by })
  return lease instanceof Promise ? patiently(lease, signal) : lease
}

async function patiently(
  lease: Promise<Lease | 'superseded'>,
  signal: AbortSignal,
): Promise<Lease | 'superseded'> {
  try {
    return await lease
  } catch (cause) {
    if (signal.aborted) throw new Refusal('upload-settling', {}, { cause })
    throw cause
  }
}

/** The time during which one request may change one slot's record. */
export interface Tenure {
  /** The record as it was last stored, or will be. */
  readonly record: () => SlotRecord
  /** Whether any store knows of the slot; a new one is stored with its first event. */
  readonly isStored: () => boolean
  /**
   * Applies the event and stores the record; removes the parts it released. Resolves to `false`
   * when somebody newer holds the slot, in this or another process: then nothing changed.
   */
  apply(event: SlotEvent): Promise<boolean>
}

/** A slot that is used for the first time: what is to be done when a store knows of it. */
export interface Unstored {
  stored(record: SlotRecord): void
}

/** A tenure over a stored record, or over one that its first event is to store. */
export function tenureOf(record: SlotRecord, needs: EngineNeeds, opening?: Unstored): Tenure {
  let current = record
  let unstored = opening

  async function create(after: SlotRecord, created: Unstored): Promise<boolean> {
    const stored = await needs.slots.create(after)
    if (stored.id !== after.id) return false
    created.stored(after)
    unstored = undefined
    return true
  }

  function store(after: SlotRecord): Promise<boolean> {
    if (unstored !== undefined) return create(after, unstored)
    return needs.slots.replace(after, current.lease)
  }

  return {
    record: () => current,
    isStored: () => unstored === undefined,
    async apply(event): Promise<boolean> {
      const before = current
      const moved = next(before, event, contextOf(needs))
      // What was never stored nobody can have read.
      const after = unstored === undefined ? withFreshLease(before, moved, needs) : moved
      // A slot of which nothing is left was never more than an attempt.
      const isNothing = unstored !== undefined && event.type === 'aborted'
      if (!isNothing && !(await store(after))) return false
      current = after
      for (const part of releasedParts(before, after)) await discard(part, needs)
      return true
    },
  }
}

/** What is stored is done: a part that can't be removed is an orphan, which is collected later. */
async function discard(part: string, { blobs }: EngineNeeds): Promise<void> {
  try {
    const removal = blobs.removePart(part)
    if (removal !== undefined) await removal
  } catch {}
}

/**
 * Gives an upload up, with its bytes. Resolves to `false` when somebody newer holds the slot. What no
 * store knew of is not told of, either.
 */
export async function giveUp(
  { tenure, upload: { id } }: { readonly tenure: Tenure; readonly upload: UploadRecord },
  why: Abandonment,
  { events }: EngineNeeds,
): Promise<boolean> {
  const upload = tenure.record().uploads.find((each) => each.id === id)
  const isKnown = tenure.isStored()
  if (!(await tenure.apply({ type: 'aborted', upload: id }))) return false
  if (isKnown && upload !== undefined) events.abandoned(tenure.record(), upload, why)
  return true
}

/**
 * Every commit has a lease id of its own: what another process read before it, or decided by it, can't
 * be stored any more, even if that process believes that the lease is its own.
 */
function withFreshLease(before: SlotRecord, after: SlotRecord, { newId }: EngineNeeds): SlotRecord {
  if (after.lease !== before.lease) return after
  return { ...after, lease: { ...after.lease, id: newId(ID_BYTES) } }
}

/** The token of the slot's next holder. */
export function nextLease(record: SlotRecord | undefined, { newId }: EngineNeeds): LeaseToken {
  return { epoch: (record?.lease.epoch ?? 0) + 1, id: newId(ID_BYTES) }
}

/** Binds a slot that is not written to now to another session. Resolves to `false` if it changed meanwhile. */
export async function bindAnew(
  record: SlotRecord,
  session: string,
  needs: EngineNeeds,
): Promise<boolean> {
  const lease = nextLease(record, needs)
  return await tenureOf(record, needs).apply({ type: 'leased', lease, session })
}
