import type { ClientAddress } from '../core/client-address.ts'
import type { Instant } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { Activities, Activity } from './activity.ts'
import type { Share } from './reservations.ts'
import type { EngineParts } from './engine-parts.ts'
import { type EngineNeeds, contextOf } from './needs.ts'
import { type Passage, type Passed, isGuarded, letPass } from './passage.ts'
import type { EnginePolicy } from './policy.ts'
import { servable } from './publishing.ts'
import { standingOf } from './reopening.ts'
import { type SlotRecord, isReserving } from './slot-record.ts'

/**
 * Refuses a grant that cannot be used on the slot as it stands. Changes nothing, so that a request
 * without a right never disturbs one that has it.
 */
export function judge(record: SlotRecord | undefined, grant: Grant, needs: EngineNeeds): void {
  if (record !== undefined && isSpent(record, needs.clock())) throw new Refusal('slot-spent')
  const isOtherSize = record !== undefined && record.size !== grant.size
  // What was published needs no authority any more, and no room: nothing is written.
  if (record?.state === 'published' && !isOtherSize) return
  const { maxFileSize: limit } = needs.policy()
  if (grant.size > limit) throw new Refusal('file-too-large', { limit })
  if (isOtherSize) throw new Refusal('slot-conflict')
  const standing = standingOf(record, grant, contextOf(needs))
  if (standing.kind === 'expired') throw new Refusal('grant-expired', { why: standing.why })
}

/** A request for a slot, and what it proved. */
interface Applicant {
  readonly grant: Grant
  readonly passage?: Passage | undefined
}

/** A slot as a request finds it before it has the right to write. */
export interface Sight {
  /** As it is stored. */
  readonly stored: SlotRecord | undefined
  /** As it is known here: nothing may be stored yet of an upload that is under way. */
  readonly known: SlotRecord | undefined
  /** What was let pass, where somebody guards the slot. */
  readonly passed: Passed | undefined
}

/** Looks at the request's slot. Refuses what may not be done with it; nobody is disturbed. */
export async function look(
  applicant: Applicant,
  activity: Activities,
  needs: EngineNeeds,
): Promise<Sight> {
  const { grant, passage } = applicant
  const stored = await needs.slots.find(grant.fingerprint)
  const known = stored ?? activity.find(grant.fingerprint)?.record()
  judge(known, grant, needs)
  const passed = isGuarded(known, passage) ? await guard(known, applicant, needs) : undefined
  return { stored, known, passed }
}

/**
 * Looks again, now that nobody else writes; `rival` did, and may have been the first to use the slot, which no
 * store knows of then. Who guards the slot is asked again only if it changed.
 */
export async function lookAgain(
  applicant: Applicant,
  {
    rival,
    passed: before,
  }: { readonly rival: Activity | undefined; readonly passed: Passed | undefined },
  needs: EngineNeeds,
): Promise<Sight> {
  const { grant, passage } = applicant
  const stored = await needs.slots.find(grant.fingerprint)
  const known = stored ?? rival?.record()
  judge(known, grant, needs)
  const passed = isGuarded(known, passage, before) ? await guard(known, applicant, needs) : before
  return { stored, known, passed }
}

/** Asks who guards the record whether the request may use it; as {@link letPass}. */
export async function guard(
  record: SlotRecord,
  { grant, passage }: Applicant,
  needs: EngineNeeds,
): Promise<Passed> {
  const isOpen = record.state === 'open'
  const reopens = isOpen && standingOf(record, grant, contextOf(needs)).kind !== 'valid'
  return await letPass(record, passage, { reopens })
}

/** Whether the slot had a file that nobody gets any more: retention may be late with its removal. */
function isSpent(record: SlotRecord, now: Instant): boolean {
  if (record.state !== 'published') return record.state === 'spent'
  return servable(record, now) === undefined
}

/**
 * Takes the owner's share for an upload. Refuses one for which there is no room: the disk's
 * (`disk-full`), or the owner's share of open uploads (`too-many-uploads`).
 */
export function admit(
  seen: SlotRecord | undefined,
  request: { readonly grant: Grant; readonly client: ClientAddress },
  parts: EngineParts,
): Share | Promise<Share> {
  const free = parts.blobs.free()
  return free instanceof Promise
    ? admitTo(free, { seen, ...request }, parts)
    : shareOf(free, { seen, ...request }, parts)
}

async function admitTo(free: Promise<number>, wanted: Wanted, parts: EngineParts): Promise<Share> {
  return await shareOf(await free, wanted, parts)
}

/** An upload for which there has to be room. */
interface Wanted {
  readonly seen: SlotRecord | undefined
  readonly grant: Grant
  readonly client: ClientAddress
}

function shareOf(
  free: number,
  { seen, grant, client }: Wanted,
  { policy, reservations, networkName }: EngineParts,
): Share | Promise<Share> {
  refuseFullDisk(free, grant.size, policy())
  const owner = seen?.owner ?? ownerOf(grant, networkName(client))
  if (seen !== undefined && isReserving(seen)) return { owner, [Symbol.dispose]: () => {} }
  return reservations.take(owner, grant.size)
}

/** Refuses (`disk-full`) where the `free` bytes are not enough for so many more. */
export function refuseFullDisk(
  free: number,
  bytes: number,
  { minFree }: Pick<EnginePolicy, 'minFree'>,
): void {
  if (free < minFree || free < bytes) throw new Refusal('disk-full', { free })
}

/** The first path that presents a grant whose signature does not cover the path owns it. */
export async function claimPath(grant: Grant, { slots }: EngineNeeds): Promise<void> {
  if (grant.claim === undefined) return
  const owner = await slots.claim(grant.claim, grant.fingerprint)
  if (owner !== grant.fingerprint) {
    throw new Refusal('grant-invalid', { scheme: grant.scheme, why: 'used for another path' })
  }
}

/** A path of three segments whose first is a SHA-1 in hexadecimal: how ejabberd names its users. */
const EJABBERD_PATH = /^([0-9a-f]{40})\/[^/]*\/[^/]*$/u

/**
 * Whom a reservation counts for: the grant's user, else the user that ejabberd puts in front of
 * the path, else the client's network by its stored name.
 */
export function ownerOf(grant: Grant, network: string): string {
  const user = userOf(grant)
  return user === undefined ? `network:${network}` : `user:${user}`
}

/** The user that a slot names: in its grant, or as ejabberd does. */
export function userOf({
  user,
  scheme,
  path,
}: Pick<SlotRecord, 'user' | 'scheme' | 'path'>): string | undefined {
  return user ?? (scheme === 'v1' ? EJABBERD_PATH.exec(path)?.[1] : undefined)
}
