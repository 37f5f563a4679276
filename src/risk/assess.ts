import type { Instant } from '../core/clock.ts'
import type { Place } from './place.ts'
import type { RiskPolicy } from './policy.ts'
import type { Pattern } from './threats/pattern.ts'
import { leastDistance } from './travel.ts'

const HOUR = 3_600_000

/** 1: nothing is asked. 2: proof is asked. 3: a new grant is asked. */
export type SecurityLevel = 1 | 2 | 3

/** What made a request suspicious. */
export type Reason = keyof typeof ROWS

/** What is remembered of the client: how it was when its latest request was let pass. */
export interface Snapshot {
  readonly lastActiveAt: Instant
  /** Its present network. */
  readonly network: string
  /** Product of its `User-Agent`, without the version (RFC 9110 §10.1.5). */
  readonly product?: string
  /** Networks that it proved itself from: going back to one is no change. */
  readonly proven: readonly string[]
  /** When it changed its network without proving itself. */
  readonly unprovedChanges: readonly Instant[]
  readonly place?: Place
}

/** The request in question. */
export interface Observation {
  readonly at: Instant
  readonly network: string
  readonly product?: string
  readonly place?: Place
  /** When the grant that it shows expired, if it has. */
  readonly grantExpiredAt?: Instant
  /** Bits by which it surprises, given what its owner and everybody else did so far. */
  readonly surprise?: number
  /** Patterns that were found of its session or network. */
  readonly threats?: readonly Pattern[]
}

export interface Assessment {
  readonly level: SecurityLevel
  /** Every reason there is, in the order of the table; none at level 1. */
  readonly reasons: readonly Reason[]
}

/** Everything that a row of the table looks at. */
interface Case {
  /** Nothing if the client was never seen. */
  readonly before: Snapshot | undefined
  readonly now: Observation
  readonly policy: RiskPolicy
  /** It comes from another network, and never proved itself from there. */
  readonly moved: boolean
  /** Milliseconds since its latest request, or byte. */
  readonly idle: number
}

/** The table: which level each reason asks for, 1 where there is no such reason. */
const ROWS = {
  'network-changed': ({ moved, policy }) => (moved && policy.challengeOnNetworkChange ? 2 : 1),
  standby: ({ idle, policy }) => (idle > policy.standbyThreshold ? 2 : 1),
  'country-changed': (request) => (isAbroad(request) ? COUNTRY[request.policy.countryChange] : 1),
  'long-standby': ({ idle, policy }) =>
    policy.reauthOnLongStandby && idle > policy.longStandbyThreshold ? 3 : 1,
  'network-changes': (request) =>
    recentChanges(request) > request.policy.networkChangeLimit ? 3 : 1,
  'product-changed': (request) => (isOtherProduct(request) ? 3 : 1),
  'impossible-travel': (request) => (isTooFast(request) ? 3 : 1),
  'grant-expired-long': ({ now, policy }) =>
    now.at - (now.grantExpiredAt ?? now.at) > policy.longStandbyThreshold ? 3 : 1,
  anomaly: ({ now, policy }) => levelOfSurprise(now.surprise ?? 0, policy),
  'grant-on-two-networks': (request) => levelOfThreat(request, 'grant-on-two-networks'),
  'session-in-two-countries': (request) => levelOfThreat(request, 'session-in-two-countries'),
  'failing-proofs': (request) => levelOfThreat(request, 'failing-proofs'),
} as const satisfies Readonly<Record<string, (request: Case) => SecurityLevel>>

/** Every reason, in the order of the table. */
export const REASONS: readonly Reason[] = Object.keys(ROWS).filter((word) => isReason(word))

/** What is banned is refused before it is assessed. */
const LEVELS = { off: 1, watch: 1, level2: 2, level3: 3, ban: 1 } as const

const COUNTRY = { off: 1, challenge: 2, reauth: 3 } as const

/**
 * How suspicious a request is: the most severe row of the table decides. Pure. `before` is what was
 * known before this request; nothing if it is the client's first.
 */
export function assess(
  before: Snapshot | undefined,
  now: Observation,
  policy: RiskPolicy,
): Assessment {
  if (!policy.enhancedSecurity) return { level: 1, reasons: [] }
  const moved = before !== undefined && isElsewhere(before, now)
  const idle = before === undefined ? 0 : now.at - before.lastActiveAt
  const request: Case = { before, now, policy, moved, idle }
  const reasons: Reason[] = []
  let level: SecurityLevel = 1
  for (const reason of REASONS) {
    const asked = ROWS[reason](request)
    if (asked > 1) reasons.push(reason)
    if (asked > level) level = asked
  }
  return { level, reasons }
}

function levelOfSurprise(bits: number, { level2Score, level3Score }: RiskPolicy): SecurityLevel {
  if (bits >= level3Score) return 3
  return bits >= level2Score ? 2 : 1
}

function levelOfThreat({ now, policy }: Case, pattern: Pattern): SecurityLevel {
  if (now.threats?.includes(pattern) !== true) return 1
  return LEVELS[policy.threatEffects[pattern]]
}

function isReason(word: string): word is Reason {
  return Object.hasOwn(ROWS, word)
}

function isElsewhere(before: Snapshot, { network }: Observation): boolean {
  return before.network !== network && !before.proven.includes(network)
}

function isAbroad({ moved, before, now }: Case): boolean {
  const [from, to] = [before?.place?.country, now.place?.country]
  return moved && from !== undefined && to !== undefined && from !== to
}

/** Unproved changes within the window, this one included. */
function recentChanges({ moved, before, now, policy }: Case): number {
  const since = now.at - policy.networkChangeWindow
  let changes = Number(moved)
  for (const at of before?.unprovedChanges ?? []) if (at > since) changes += 1
  return changes
}

/** A client that named its product and no longer does is another one: else whoever stole its token would name none. */
function isOtherProduct({ moved, before, now }: Case): boolean {
  return moved && before?.product !== undefined && before.product !== now.product
}

function isTooFast({ moved, before, now, idle, policy }: Case): boolean {
  if (!moved || policy.maxSpeedKmh === 0) return false
  const distance = leastDistance(before?.place, now.place)
  return distance > (policy.maxSpeedKmh * Math.max(idle, 0)) / HOUR
}
