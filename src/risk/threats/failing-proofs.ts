import { LRUCache } from 'lru-cache'
import type { Instant } from '../../core/clock.ts'
import { nameHash } from '../name-hash.ts'
import type { FailureLimits } from './pattern.ts'

/** A proof for a session that there is, made with another key. */
export interface FailedProof {
  /** Stored name of the session. */
  readonly session: string
  /** Prefix that it came from. */
  readonly network: string
  readonly at: Instant
}

/** Finds networks that try keys for many sessions. */
export interface FailingProofs {
  /** Takes note of a failure; the number of sessions once there are too many, which are then forgotten. */
  failed(failure: FailedProof, limits: FailureLimits): number | undefined
}

/**
 * One client that fails again and again is one session, however many share its address. Remembers `maxTracked` networks, the
 * least lately seen are forgotten first, and of each as many sessions as are allowed.
 */
export function failingProofs(maxTracked: number): FailingProofs {
  let known: LRUCache<string, Map<number, Instant>> | undefined
  return {
    failed({ session, network, at }, { sessions: most, window }): number | undefined {
      // Made when first needed, because it takes its memory at once.
      const networks = (known ??= new LRUCache({ max: maxTracked }))
      const sessions = networks.get(network) ?? new Map<number, Instant>()
      networks.set(network, sessions)
      const name = nameHash(session, 0)
      // Put last, so that they stand in the order of their latest failures.
      sessions.delete(name)
      sessions.set(name, at)
      forgetBut(sessions, { since: at - window, until: at })
      if (sessions.size < most) return undefined
      networks.delete(network)
      return sessions.size
    },
  }
}

/** Forgets what is older; and what is newer, which a clock was set back behind. */
function forgetBut(
  sessions: Map<number, Instant>,
  { since, until }: { readonly since: Instant; readonly until: Instant },
): void {
  for (const [name, at] of sessions) {
    if (at > since && at <= until) return
    sessions.delete(name)
  }
}
