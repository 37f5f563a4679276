import type { Abuse } from '../abuse/abuse.ts'
import type { ClientAddress } from '../core/client-address.ts'
import type { Clock } from '../core/clock.ts'
import type { SlotPath } from '../core/slot-path.ts'
import type { GrantVerifier } from '../grants/verifier.ts'
import type { ProofKeys } from '../proof/proof-keys.ts'
import type { Proofs } from '../proof/proofs.ts'
import type { AnomalyDetector } from '../risk/anomaly/detector.ts'
import type { Places } from '../risk/places.ts'
import type { RiskPolicy } from '../risk/policy.ts'
import type { BoundSessions } from '../sessions/bound-sessions.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { GateEvents } from './events.ts'
import type { JudgedSlot } from './passage.ts'
import type { Threats } from './threats.ts'

/** What the operator decided about the way in. */
export interface GatePolicy extends RiskPolicy {
  /** What becomes of clients that cannot prove anything at level 2 and 3. */
  readonly unbound: 'lenient' | 'strict'
  /** Milliseconds for which the challenge in a refusal is good. */
  readonly challengeWindow: number
  /** Milliseconds from a session's opening to its end. */
  readonly maxSessionAge: number
  /** Fresh grants that a session gets. */
  readonly maxRefreshes: number
}

/** What the gate is built from. */
export interface GateNeeds {
  readonly grants: GrantVerifier
  readonly sessions: Pick<Sessions, 'begin' | 'known' | 'unbegin' | 'visit'>
  readonly bound: BoundSessions
  readonly proofs: Proofs
  readonly keys: Pick<ProofKeys, 'kid' | 'sessionKey'>
  readonly abuse: Abuse
  readonly places: Pick<Places, 'find'>
  readonly anomalies: Pick<AnomalyDetector, 'isOn' | 'look' | 'learn' | 'failed'>
  readonly threats: Threats
  readonly events: GateEvents
  readonly clock: Clock
  /** Asked anew each time, because it may change while the server runs. */
  readonly policy: () => GatePolicy
  /** Path of the public URL, with a slash at both ends. */
  readonly prefix: string
  /** The name under which a client's network may be stored. */
  readonly networkName: (client: ClientAddress) => string
  /** The user that a grant names, in whatever way, or the one that a slot was used with. */
  readonly userOf: (slot: Pick<JudgedSlot, 'user' | 'scheme' | 'path'>) => string | undefined
  /** Whether a slot was ever used. */
  readonly isUsed: (path: SlotPath) => Promise<boolean>
  /** A slot as it is stored now; nothing if it was never used. */
  readonly findSlot: (path: SlotPath) => Promise<JudgedSlot | undefined>
}
