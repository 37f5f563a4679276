import type { ClientAddress } from '../core/client-address.ts'
import type { Instant } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { Share } from './generation.ts'
import type { EngineParts } from './engine-parts.ts'
import { type EngineNeeds, contextOf } from './needs.ts'
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

/** Whether the slot had a file that nobody gets any more: retention may be late with its removal. */
function isSpent(record: SlotRecord, now: Instant): boolean {
  if (record.state !== 'published') return record.state === 'spent'
  return servable(record, now) === undefined
}

/**
 * Takes the owner's share for an upload. Refuses one for which there is no room: the disk's
 * (`disk-full`), or the owner's share of open uploads (`too-many-uploads`).
 */
export async function admit(
  seen: SlotRecord | undefined,
  { grant, client }: { grant: Grant; client: ClientAddress },
  { blobs, policy, reservations, networkName }: EngineParts,
): Promise<Share> {
  const free = await blobs.free()
  if (free < policy().minFree || free < grant.size) throw new Refusal('disk-full', { free })
  const owner = seen?.owner ?? ownerOf(grant, networkName(client))
  if (seen !== undefined && isReserving(seen)) return { owner, [Symbol.dispose]: () => {} }
  const taken = await reservations.take(owner, grant.size)
  return { owner, [Symbol.dispose]: () => taken[Symbol.dispose]() }
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
function ownerOf(grant: Grant, network: string): string {
  if (grant.user !== undefined) return `user:${grant.user}`
  const user = grant.scheme === 'v1' ? EJABBERD_PATH.exec(grant.path)?.[1] : undefined
  return user === undefined ? `network:${network}` : `user:${user}`
}
