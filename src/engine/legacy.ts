import type { Digests } from '../core/digests.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { userOf } from './admission.ts'
import type { CreateRequest } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import { type Passage, type Passed, letPassWithoutGrant } from './passage.ts'
import type { SlotRecord, UploadRecord } from './slot-record.ts'

/** An upload that another slot goes on with, or did already. */
export interface Legacy {
  readonly slot: SlotRecord
  readonly upload: UploadRecord
}

type Heir = Pick<CreateRequest, 'grant' | 'passage' | 'description' | 'adopts'>

/** Why an upload can't be adopted: for the log, because it may be somebody else's. */
type Why = 'unknown' | 'foreign' | 'ended' | 'same-slot' | 'user' | 'size' | 'type' | 'digest'

/**
 * The upload that a request means to go on with in its own slot. Refuses with `proof-required` who is
 * no session, with `adoption-refused` (facts: `why`) an upload that is not the session's, has ended, or is
 * of another user, size, type or digest.
 */
export async function legacyOf(heir: Heir, { slots }: EngineNeeds): Promise<Legacy> {
  const { passage, adopts = '' } = heir
  if (passage?.session === undefined) throw new Refusal('proof-required')
  const slot = await slots.findByResource(adopts)
  const upload = slot?.uploads.find(({ resource }) => resource === adopts)
  if (slot === undefined || upload === undefined) throw refused('unknown')
  if (slot.session !== passage.session) throw refused('foreign')
  const why = objection({ slot, upload }, heir)
  if (why !== undefined) throw refused(why)
  return { slot, upload }
}

/** Asks for the old slot, too. It must be its own session that proved itself: nobody takes its place here. */
export async function guardLegacy(
  { slot }: Legacy,
  passage: Passage | undefined,
  before?: Passed,
): Promise<Passed | undefined> {
  const passed = await letPassWithoutGrant(slot, passage, before)
  if (passed?.rebinds !== undefined) throw new Refusal('proof-required')
  return passed
}

/** Refuses a slot that was opened by somebody else, or unbound: a bound slot's bytes stay bound. */
export function refuseForeignHeir(
  record: SlotRecord | undefined,
  passage: Passage | undefined,
): void {
  if (record !== undefined && record.session !== passage?.session) throw refused('foreign')
}

/** Refuses an upload whose bytes are not all there, or that was given up after it had been adopted. */
export async function refuseLostPart(
  { id, state, durable }: UploadRecord,
  { blobs }: EngineNeeds,
): Promise<void> {
  const size = state === 'receiving' || state === 'adopted' ? await blobs.partSize(id) : undefined
  if (size === undefined || size < durable) throw refused('ended')
}

function objection(legacy: Legacy, { grant, description }: Heir): Why | undefined {
  const { slot, upload } = legacy
  if (slot.fingerprint === grant.fingerprint) return 'same-slot'
  const isGiven = upload.state === 'adopted' && upload.adoptedBy === grant.fingerprint
  if (!isGiven && upload.state !== 'receiving') return 'ended'
  // Once given away it says no longer whose it was; whoever got it named the user then.
  if (!isGiven && !isSameUser(slot, grant)) return 'user'
  if (slot.size !== grant.size) return 'size'
  if (slot.contentType !== grant.contentType) return 'type'
  return areSame(upload.digests, description?.digests) ? undefined : 'digest'
}

/** Whether both name a user, and the same. */
function isSameUser(slot: SlotRecord, grant: Grant): boolean {
  const user = userOf(grant)
  return user !== undefined && user === userOf(slot)
}

function areSame(one: Digests = {}, other: Digests = {}): boolean {
  return one.sha256 === other.sha256 && one.sha512 === other.sha512
}

function refused(why: Why): Refusal {
  return new Refusal('adoption-refused', { why })
}
