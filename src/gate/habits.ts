import type { Sighting } from '../risk/anomaly/detector.ts'
import type { Surprise } from '../risk/anomaly/surprise.ts'
import type { Place } from '../risk/place.ts'
import type { Visit } from '../sessions/session-life.ts'
import type { BoundSession } from '../sessions/session-record.ts'
import type { GateRequest } from './gate-request.ts'
import type { GateNeeds } from './needs.ts'
import type { JudgedSlot } from './passage.ts'

/** Whose habits a request is compared with, and what it does beyond going on. */
export interface Whose {
  readonly owner: string
  /** Bytes of the upload that it begins. */
  readonly size?: number
}

/** The user that a slot names, else the client's network, as limits of uploads count. */
export function ownerOfSlot(
  slot: Pick<JudgedSlot, 'user' | 'scheme' | 'path'>,
  { client }: Pick<GateRequest, 'client'>,
  { userOf, networkName }: Pick<GateNeeds, 'userOf' | 'networkName'>,
): string {
  const user = userOf(slot)
  return user === undefined ? `network:${networkName(client)}` : `user:${user}`
}

/** The user of a session, else the session itself. */
export function ownerOfSession({ key, bound }: Pick<BoundSession, 'key' | 'bound'>): string {
  return bound.user === undefined ? `session:${key}` : `user:${bound.user}`
}

/** A request beside the habits of its owner. */
export interface Compared {
  /** As they would learn it. */
  readonly sighting?: Sighting
  /** How unusual it is, where enough is known of them. */
  readonly surprise?: Surprise
}

const NOT_COMPARED: Compared = {}

/** Compares the request with its owner's habits; says nothing where they are not looked at. */
export function compared(
  request: Pick<GateRequest, 'client'>,
  seen: Seen,
  { anomalies }: Pick<GateNeeds, 'anomalies'>,
): Compared {
  if (!anomalies.isOn()) return NOT_COMPARED
  const sighting = sightingOf(request, seen)
  const surprise = anomalies.look(sighting)
  return surprise === undefined ? { sighting } : { sighting, surprise }
}

interface Seen extends Whose {
  readonly visit: Visit
  readonly place: Place | undefined
}

/** Its network is not stored, so it needs no name that may be. */
function sightingOf(
  { client }: Pick<GateRequest, 'client'>,
  { visit, place, ...whose }: Seen,
): Sighting {
  const { at, product } = visit
  return {
    ...whose,
    at,
    network: client.network,
    ...(product === undefined ? {} : { product }),
    ...(place?.asn === undefined ? {} : { asn: place.asn }),
  }
}

/** Takes note of a request that was let pass. */
export function learnFrom(
  sighting: Sighting | undefined,
  { anomalies }: Pick<GateNeeds, 'anomalies'>,
): void {
  if (sighting !== undefined) anomalies.learn(sighting)
}

/** Takes note of a credential or proof that is wrong: of its network alone, lest somebody else's guesses speak against a user. */
export function learnFailure({ client }: GateRequest, { anomalies, clock }: GateNeeds): void {
  anomalies.failed({ at: clock(), network: client.network })
}
