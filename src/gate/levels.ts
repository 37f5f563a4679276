import { CLOCK_SKEW, type Instant } from '../core/clock.ts'
import type { Sighting } from '../risk/anomaly/detector.ts'
import type { Surprise } from '../risk/anomaly/surprise.ts'
import { type Assessment, type Snapshot, assess } from '../risk/assess.ts'
import type { Place } from '../risk/place.ts'
import type { Visit } from '../sessions/session-life.ts'
import type { SeenNetwork, SessionRecord } from '../sessions/session-record.ts'
import { visitOf } from '../sessions/visitor.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import { type Whose, compared } from './habits.ts'
import type { GateNeeds, GatePolicy } from './needs.ts'

/** A request at its level. */
export interface Level extends Assessment {
  /** Whether only the number of changes of network made it that high. */
  readonly onlyCounted: boolean
  /** Where it came from. */
  readonly place?: Place
  /** How unusual it is of its owner, where habits are known. */
  readonly surprise?: Surprise
}

/** A request at its level, and as its owner's habits would learn it. */
export interface Judged {
  readonly level: Level
  readonly sighting: Sighting | undefined
}

/** What is remembered of a client. */
export type Known = Pick<SessionRecord, 'lastActiveAt' | 'networks' | 'changes' | 'bound'>

/** What a request is judged by. */
interface Circumstances {
  readonly known: Known | undefined
  readonly whose: Whose
  /** Name of the session that it goes on with, or begins. */
  readonly session: string
  readonly expiry?: Instant | undefined
  /** The request as sessions see it, if that is at hand. */
  readonly visit?: Visit
}

/**
 * How suspicious a request is that goes on with a session; `known` is what was known of it before,
 * `expiry` when the grant ends that the request shows. Changes nothing.
 */
export function levelOf(
  request: GateRequest,
  circumstances: Circumstances,
  needs: GateNeeds,
): Judged {
  const {
    known,
    whose,
    session,
    expiry,
    visit = visitOf(visitorOf(request), needs),
  } = circumstances
  const place = needs.places.find(request.client.address)
  const from = place === undefined ? {} : { place }
  const { sighting, surprise } = compared(request, { ...whose, visit, place }, needs)
  const isExpired = expiry !== undefined && expiry + CLOCK_SKEW < visit.at
  const observation = {
    ...visit,
    ...from,
    ...(isExpired ? { grantExpiredAt: expiry } : {}),
    ...(surprise === undefined ? {} : { surprise: surprise.score }),
    threats: needs.threats.foundOf(request, {
      name: session,
      confirmedAt: known?.bound?.confirmedAt,
    }),
  }
  const snapshot = known === undefined ? undefined : snapshotOf(known, needs)
  const under = (policy: GatePolicy): Assessment => assess(snapshot, observation, policy)
  const policy = needs.policy()
  const assessment = under(policy)
  const onlyCounted =
    assessment.level === 3 && under({ ...policy, networkChangeLimit: Infinity }).level < 3
  return { level: { ...assessment, onlyCounted, ...from, ...toldOf(surprise) }, sighting }
}

function toldOf(surprise: Surprise | undefined): Pick<Level, 'surprise'> {
  return surprise === undefined ? {} : { surprise }
}

const NONE: readonly string[] = []

function nameOf({ network }: SeenNetwork): string {
  return network
}

function snapshotOf(session: Known, { places }: GateNeeds): Snapshot {
  const { networks, lastActiveAt, changes = [] } = session
  const network = networks.at(-1)?.network ?? ''
  const product = networks.findLast((seen) => seen.product !== undefined)?.product
  const place = places.find(network)
  return {
    lastActiveAt,
    network,
    // Only what proved itself is remembered of a session with a key. To stay is no return.
    proven: session.bound !== undefined && networks.length > 1 ? networks.map(nameOf) : NONE,
    unprovedChanges: changes,
    ...(product === undefined ? {} : { product }),
    ...(place === undefined ? {} : { place }),
  }
}
