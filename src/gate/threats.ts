import { userSubject } from '../abuse/bans.ts'
import type { Findings } from '../abuse/findings.ts'
import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import type { Pattern } from '../risk/threats/pattern.ts'
import type { GateEvents } from './events.ts'
import {
  type FoundThreat,
  type ThreatRuleNeeds,
  type ThreatRules,
  threatRules,
} from './threat-rules.ts'

/** Looks for patterns in what passes the gate, and knows what was found. */
export interface Threats extends ThreatRules {
  /** What was found of a session, or of the network that a request comes from. */
  foundOf(request: { readonly client: ClientAddress }, session: string): readonly Pattern[]
  /** Refuses (`session-banned`) what the operator wants refused. */
  refuseBanned(session: string): void
  /** A new grant showed that a session is its user's: what was found of it holds no longer. */
  confirmed(session: string): void
  /** Why no request of a network or user is served, if so. */
  banOf(client: ClientAddress, user?: string): Pattern | undefined
}

/** What the threats are built from. */
export interface ThreatNeeds extends ThreatRuleNeeds {
  readonly findings: Pick<Findings, 'isEmpty' | 'holds' | 'note' | 'lift'>
  readonly events: Pick<GateEvents, 'threatFound'>
  /** The name under which a client's network may be stored. */
  readonly networkName: (client: ClientAddress) => string
}

/** The patterns that are found of sessions. */
const OF_SESSIONS = ['grant-on-two-networks', 'session-in-two-countries'] as const

const NOTHING: readonly Pattern[] = []

export function threats(needs: ThreatNeeds): Threats {
  const { findings, policy, networkName, clock, events } = needs
  const isFound = (pattern: Pattern, subject: string): boolean =>
    policy().effects[pattern] !== 'off' && findings.holds(pattern, subject)
  const isBanned = (pattern: Pattern, subject: string): boolean =>
    policy().effects[pattern] === 'ban' && findings.holds(pattern, subject)
  const networkOf = (client: ClientAddress): string => `network:${networkName(client)}`

  function report(threat: FoundThreat): void {
    const { pattern, session, client } = threat
    const { effects, duration } = policy()
    const effect = effects[pattern]
    const subject = session === undefined ? networkOf(client) : `session:${session}`
    const finding = { pattern, subject, until: clock() + duration }
    // What is only told is nobody else's business.
    if (findings.note(finding, { isShared: effect !== 'watch' }))
      events.threatFound({ ...threat, effect, duration })
  }

  return {
    ...threatRules(needs, report),
    foundOf({ client }, session): readonly Pattern[] {
      if (findings.isEmpty()) return NOTHING
      const found: Pattern[] = OF_SESSIONS.filter((each) => isFound(each, `session:${session}`))
      return isFound('failing-proofs', networkOf(client)) ? [...found, 'failing-proofs'] : found
    },
    refuseBanned(session): void {
      if (findings.isEmpty()) return
      const pattern = OF_SESSIONS.find((each) => isBanned(each, `session:${session}`))
      if (pattern !== undefined) throw new Refusal('session-banned', { why: pattern })
    },
    confirmed(session): void {
      for (const pattern of OF_SESSIONS) findings.lift(pattern, `session:${session}`)
    },
    banOf(client, user): Pattern | undefined {
      if (findings.isEmpty()) return undefined
      if (isBanned('failing-proofs', networkOf(client))) return 'failing-proofs'
      if (user === undefined) return undefined
      const pattern = 'uploads-deleted-for-abuse'
      return isBanned(pattern, userSubject(user)) ? pattern : undefined
    },
  }
}
