import { hash } from 'node:crypto'
import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import { type FindBan, findBan } from './bans.ts'
import type { Counters } from './ports.ts'

/** What the operator allows; counts of 0 are no limit, times are milliseconds. */
export interface AbusePolicy {
  /** Failures of a network in one `failureWindow`. */
  readonly failuresPerNetwork: number
  /** Failures with one session, of a network in one `failureWindow`. */
  readonly failuresPerSession: number
  readonly failureWindow: number
  /** How long whoever failed too often is told to wait. */
  readonly failureBlock: number
  /** New uploads of a user in one `uploadsWindow`. */
  readonly uploadsPerUser: number
  readonly uploadsWindow: number
  /** In CIDR notation. */
  readonly bannedNetworks: readonly string[]
  /** Bare JIDs. */
  readonly bannedUsers: readonly string[]
}

/** Who showed a credential or proof that was wrong. */
export interface Presenter {
  /** The prefix it came from. */
  readonly network: string
  /** Stored name of the session it claimed to be. */
  readonly session?: string
}

/** Limits of what strangers and users may do, and the operator's bans. */
export interface Abuse {
  /** Whether the operator banned anybody. */
  hasBans(): boolean
  /** Throws `Refusal('banned')` for networks and users (bare JIDs) that the operator banned. */
  refuseBanned(client: ClientAddress, user?: string): void
  /**
   * Counts a credential or proof that was shown and is wrong; one that is merely missing is no
   * failure. Resolves to the seconds to wait if there were too many, else to nothing. To be asked
   * only after a request failed: a valid one never waits, whoever else failed from where it comes.
   */
  failed(presenter: Presenter): Promise<number | undefined>
  /** Counts a new upload of a user. Resolves to the seconds to wait if there were too many, else to nothing. */
  opening(owner: string): Promise<number | undefined>
}

/** What the limits are built from. */
export interface AbuseNeeds {
  readonly failures: Counters
  readonly uploads: Counters
  /** Asked anew each time, because it may change while the server runs. */
  readonly policy: () => AbusePolicy
}

/** So many events in a window; who exceeds it waits for `block`, or else until the window ends. */
interface Allowance {
  readonly count: number
  readonly window: number
  readonly block?: number
}

export function abuse({ failures, uploads, policy }: AbuseNeeds): Abuse {
  const find = banFinder(policy)
  return {
    hasBans: () => policy().bannedNetworks.length > 0 || policy().bannedUsers.length > 0,
    refuseBanned(client, user) {
      const cause = find()(client, user)
      if (cause !== undefined) throw new Refusal('banned', { cause })
    },
    async failed({ network, session }) {
      const { failuresPerNetwork, failuresPerSession, failureWindow, failureBlock } = policy()
      const lasting = { window: failureWindow, block: failureBlock }
      const waits = await Promise.all([
        wait(failures, `n${amongFew(network)}`, { ...lasting, count: failuresPerNetwork }),
        session === undefined
          ? undefined
          : wait(failures, `s${amongFew(`${session} ${network}`)}`, {
              ...lasting,
              count: failuresPerSession,
            }),
      ])
      return longest(waits)
    },
    async opening(owner) {
      const { uploadsPerUser, uploadsWindow } = policy()
      const allowance = { count: uploadsPerUser, window: uploadsWindow }
      return await wait(uploads, hash('sha256', owner, 'base64url'), allowance)
    },
  }
}

/** The lists in force, made ready anew only when they are others. */
function banFinder(policy: () => AbusePolicy): () => FindBan {
  let networks: readonly string[] = []
  let users: readonly string[] = []
  let find = findBan({ networks, users })
  return () => {
    const { bannedNetworks, bannedUsers } = policy()
    if (bannedNetworks !== networks || bannedUsers !== users) {
      ;[networks, users] = [bannedNetworks, bannedUsers]
      find = findBan({ networks, users })
    }
    return find
  }
}

/** Counts an event; seconds to wait if it is one too many. */
async function wait(
  counters: Counters,
  name: string,
  { count: allowed, window, block }: Allowance,
): Promise<number | undefined> {
  if (allowed === 0) return undefined
  const { count, remaining } = await counters.add(name, window)
  if (count <= allowed) return undefined
  if (block === undefined || count > allowed + 1) return seconds(remaining)
  await counters.keep(name, { count, remaining: block })
  return seconds(block)
}

/**
 * One of 262 144 names. Strangers choose the sessions they claim, and their networks to a degree:
 * they can't make us store a count for each. Two that share a name do no harm, because only
 * requests that failed are asked about.
 */
function amongFew(presenter: string): string {
  return hash('sha256', presenter, 'base64url').slice(0, 3)
}

function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000))
}

function longest(waits: readonly (number | undefined)[]): number | undefined {
  return waits.reduce((most, each) => Math.max(most ?? 0, each ?? 0) || undefined, undefined)
}
