import type { Findings } from '../abuse/findings.ts'
import { userSubject } from '../abuse/subject.ts'
import type { Instant } from '../core/clock.ts'
import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import { type Effect, PATTERNS, type Pattern } from '../risk/threats/pattern.ts'
import type { GateEvents } from './events.ts'
import {
  type FoundThreat,
  type ThreatRuleNeeds,
  type ThreatRules,
  threatRules,
} from './threat-rules.ts'

/** A session as findings know it. */
export interface FoundSession {
  readonly name: string
  /** When a new grant was shown last: what was found before holds no longer, also where that is not known yet. */
  readonly confirmedAt?: Instant | undefined
}

/** Looks for patterns in what passes the gate, and knows what was found. */
export interface Threats extends ThreatRules {
  /** What was found of a session, or of the network that a request comes from. */
  foundOf(request: { readonly client: ClientAddress }, session: FoundSession): readonly Pattern[]
  /** Whether anybody may be refused because of what was found. */
  hasBans(): boolean
  /** Refuses (`session-banned`) what the operator wants refused. */
  refuseBanned(session: FoundSession): void
  /** A new grant showed that a session is its user's: what was found of it holds no longer. Rejects with `Refusal('state-unavailable')`. */
  confirmed(session: string): Promise<void>
  /** Why no request of a network or user is served, if so. */
  banOf(client: ClientAddress, user?: string): Pattern | undefined
}

/** What the threats are built from. */
export interface ThreatNeeds extends ThreatRuleNeeds {
  readonly findings: Pick<Findings, 'isEmpty' | 'find' | 'note' | 'lift'>
  readonly events: Pick<GateEvents, 'threatFound' | 'threatLifted'>
  /** The name under which a client's network may be stored. */
  readonly networkName: (client: ClientAddress) => string
}

/** The patterns that are found of sessions. */
const OF_SESSIONS = ['grant-on-two-networks', 'session-in-two-countries'] as const

/** With these a finding is a reason of a level. */
const LEVELS: ReadonlySet<Effect> = new Set(['level2', 'level3'])

/** What is only told is nobody else's business. */
function isShared(effect: Effect): boolean {
  return effect !== 'off' && effect !== 'watch'
}

const NOTHING: readonly Pattern[] = []

export function threats(needs: ThreatNeeds): Threats {
  const { findings, policy, networkName, clock, events } = needs
  const isBan = (pattern: Pattern): boolean => policy().effects[pattern] === 'ban'
  const networkOf = (client: ClientAddress): string => `network:${networkName(client)}`
  const isOfNetwork = (client: ClientAddress): boolean =>
    findings.find('failing-proofs', networkOf(client)) !== undefined

  function isFoundSince(
    pattern: Pattern,
    { name, confirmedAt = -Infinity }: FoundSession,
  ): boolean {
    const found = findings.find(pattern, `session:${name}`)
    return policy().effects[pattern] !== 'off' && found !== undefined && found.at > confirmedAt
  }

  function report(threat: FoundThreat): void {
    const { pattern, session, client } = threat
    const { effects, duration } = policy()
    const effect = effects[pattern]
    const subject = session === undefined ? networkOf(client) : `session:${session}`
    const at = clock()
    const finding = { pattern, subject, at, until: at + duration }
    if (findings.note(finding, { isShared: isShared(effect) }))
      events.threatFound({ ...threat, effect, duration })
  }

  return {
    ...threatRules(needs, report),
    foundOf({ client }, session): readonly Pattern[] {
      if (findings.isEmpty()) return NOTHING
      const found: Pattern[] = OF_SESSIONS.filter((each) => isFoundSince(each, session))
      // Asked last, because the name of a network may be a keyed hash.
      const isReason = LEVELS.has(policy().effects['failing-proofs'])
      return isReason && isOfNetwork(client) ? [...found, 'failing-proofs'] : found
    },
    hasBans: () => !findings.isEmpty() && PATTERNS.some(isBan),
    refuseBanned(session): void {
      if (findings.isEmpty()) return
      const pattern = OF_SESSIONS.find((each) => isBan(each) && isFoundSince(each, session))
      if (pattern !== undefined) throw new Refusal('session-banned', { why: pattern })
    },
    async confirmed(session): Promise<void> {
      const { effects, duration } = policy()
      const at = clock()
      for (const pattern of OF_SESSIONS) {
        const lifted = { pattern, subject: `session:${session}`, at, until: at + duration }
        const isLifted = await findings.lift(lifted, { isShared: isShared(effects[pattern]) })
        if (isLifted) events.threatLifted({ pattern, session })
      }
    },
    banOf(client, user): Pattern | undefined {
      if (findings.isEmpty()) return undefined
      if (isBan('failing-proofs') && isOfNetwork(client)) return 'failing-proofs'
      const pattern = 'uploads-deleted-for-abuse'
      if (user === undefined || !isBan(pattern)) return undefined
      return findings.find(pattern, userSubject(user)) === undefined ? undefined : pattern
    },
  }
}
