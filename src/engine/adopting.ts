import type { Fingerprint } from '../core/slot-path.ts'
import type { Activities } from './activity.ts'
import { lookAgain, ownerOf, refuseFullDisk } from './admission.ts'
import type { CreateRequest, Cut, Progress } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { begin } from './generation.ts'
import { type Legacy, guardLegacy, legacyOf, refuseForeignHeir, refuseLostPart } from './legacy.ts'
import { type Passed, letOpen } from './passage.ts'
import type { SlotRecord } from './slot-record.ts'
import { type Holder, acquireLease, holderOf, nextLease, tenureOf } from './tenure.ts'
import { CUT, noteTakeover, progressOf } from './writing.ts'

/** A request whose upload begins with the bytes of another slot's. */
export type AdoptRequest = CreateRequest & { readonly adopts: string }

type Outcome = Progress | Cut | 'stale'

/** An adoption once nobody else writes to either slot. */
interface Adopting {
  readonly request: AdoptRequest
  readonly holder: Holder
  readonly legacy: Legacy
}

/**
 * Uploads that go on in a new slot. No write changes two records, so the old one gives the part away
 * first, for good and to the new slot alone; only then does that take it. A crash between the two leaves a
 * part that nobody can write to, and that the same request takes when it comes again.
 */
export function adoptions(
  needs: EngineParts,
  activity: Activities,
): {
  /** Tries to adopt for a slot as it was seen and `passed`; `stale` when a slot changed before it was done. */
  attempt(
    request: AdoptRequest,
    seen: SlotRecord | undefined,
    passed: Passed | undefined,
  ): Promise<Outcome>
} {
  return {
    async attempt(request, seen, passed): Promise<Outcome> {
      const { grant, client, passage } = request
      refuseForeignHeir(seen, passage)
      const found = await legacyOf(request, needs)
      const before = await guardLegacy(found, passage)
      const holder = holderOf(client)
      const slots = [grant.fingerprint, found.slot.fingerprint].toSorted()
      const rivals = slots.flatMap((slot) => activity.rivalOf(slot) ?? [])
      for (const rival of rivals) rival.isWanted = true
      using leases = await acquireAll(slots, holder, needs)
      if (leases === undefined) return CUT
      const { stored: record } = await lookAgain(request, { rival: undefined, passed }, needs)
      if (record?.state === 'published') return 'stale'
      refuseForeignHeir(record, passage)
      const legacy = await legacyOf(request, needs)
      await guardLegacy(legacy, passage, before)
      for (const rival of rivals) noteTakeover(rival, { slot: undefined, client }, needs)
      return await adopt(record, { request, holder, legacy }, needs)
    },
  }
}

/** Always in the same order, because two adoptions must not wait for each other. */
async function acquireAll(
  slots: readonly Fingerprint[],
  holder: Holder,
  needs: EngineParts,
): Promise<Disposable | undefined> {
  using leases = new DisposableStack()
  for (const slot of slots) {
    const lease = await acquireLease(slot, holder, needs)
    if (lease === 'superseded') return undefined
    leases.use(lease)
  }
  return leases.move()
}

async function adopt(
  record: SlotRecord | undefined,
  { request, holder, legacy }: Adopting,
  needs: EngineParts,
): Promise<Outcome> {
  // By a request whose answer got lost: its client may have sent more since.
  const arrived = record?.uploads.find(({ id }) => id === legacy.upload.id)
  const adopts = arrived ?? legacy.upload
  await refuseLostPart(adopts, needs)
  refuseFullDisk(await needs.blobs.free(), request.grant.size - adopts.durable, needs.policy())
  await letOpen(record, request.passage)
  if (holder.isReleased()) return CUT
  if (!(await giveAway(legacy, request, needs))) return 'stale'
  const tenure = await begin(record, { ...startOf(request, needs), holder, adopts }, needs)
  const upload = tenure?.record().uploads.at(-1)
  if (tenure === undefined || upload === undefined) return holder.isReleased() ? CUT : 'stale'
  const { id, durable } = upload
  const isKept = await tenure.apply({ type: 'advanced', upload: id, durable, rests: true })
  if (!isKept) return 'stale'
  const { client } = request
  if (arrived === undefined) {
    needs.events.adopted(tenure.record(), upload, { from: legacy.slot, client })
  }
  return progressOf({ tenure, upload }, needs)
}

/** Resolves to `false` when the old slot changed meanwhile. */
async function giveAway(
  { slot, upload }: Legacy,
  { grant }: AdoptRequest,
  needs: EngineParts,
): Promise<boolean> {
  if (upload.state === 'adopted') return true
  const lease = nextLease(slot, needs)
  const event = { type: 'given-away', upload: upload.id, to: grant.fingerprint, lease } as const
  return await tenureOf(slot, needs).apply(event)
}

/** The upload takes no share of the owner's: it has the one of the upload that it goes on with. */
function startOf(
  request: AdoptRequest,
  { networkName }: EngineParts,
): Omit<Parameters<typeof begin>[1], 'holder' | 'adopts'> {
  const { grant, client, face, resource, description, passage } = request
  const owner = ownerOf(grant, networkName(client))
  return {
    request,
    face,
    session: passage?.session,
    share: { owner, [Symbol.dispose]: () => {} },
    ...(resource === undefined ? {} : { resource }),
    ...(description === undefined ? {} : { description }),
  }
}
