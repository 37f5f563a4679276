import type { Abuse } from '../abuse/abuse.ts'
import type { Instant } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import { userOf } from '../engine/admission.ts'
import type { Sending, UploadEngine } from '../engine/engine.ts'
import type { FoundSession, Threats } from '../gate/threats.ts'
import type { Log } from '../observe/log.ts'
import type { BoundSessions } from '../sessions/bound-sessions.ts'
import { attempts } from './attempts.ts'
import { repeating } from './repeating.ts'

/** How often uploads under way are compared with the bans, in milliseconds: as often as the bans of others are learnt. */
const INTERVAL = 1000

/** What knows of bans. */
export interface BanNeeds {
  readonly abuse: Pick<Abuse, 'hasBans' | 'refuseBanned'>
  readonly threats: Pick<Threats, 'hasBans' | 'refuseBanned'>
  readonly bound: Pick<BoundSessions, 'find'>
}

/** Whom the server does not serve now. */
export interface Bans {
  /** Whether there may be anybody. */
  areThere(): boolean
  /** Whether a request would be refused for its network, its user, its slot or its session. */
  meet(sending: Sending): Promise<boolean>
}

export function bansOver({ abuse, threats, bound }: BanNeeds): Bans {
  const isBannedSession = (session: FoundSession): boolean =>
    isRefused(() => threats.refuseBanned(session))

  return {
    areThere: () => abuse.hasBans() || threats.hasBans(),
    async meet({ client, slot }): Promise<boolean> {
      if (isRefused(() => abuse.refuseBanned(client, userOf(slot)))) return true
      const name = slot.session ?? slot.fingerprint
      if (!isBannedSession({ name })) return false
      if (slot.session === undefined) return true
      return isBannedSession({ name, confirmedAt: await confirmedAt(name, bound) })
    },
  }
}

/** When a new grant showed last that the session is its user's, as far as that can be known now. */
async function confirmedAt(name: string, bound: BanNeeds['bound']): Promise<Instant | undefined> {
  try {
    return (await bound.find(name))?.bound.confirmedAt
  } catch (error) {
    // While the state is away a process goes on with what it knows.
    if (error instanceof Refusal && error.code === 'state-unavailable') return undefined
    throw error
  }
}

function isRefused(refuse: () => void): boolean {
  try {
    refuse()
    return false
  } catch (error) {
    if (error instanceof Refusal) return true
    throw error
  }
}

/** Ends the uploads under way of who was banned meanwhile. Disposing ends that. */
export function startEndingBanned(needs: {
  readonly engine: Pick<UploadEngine, 'endUnwanted'>
  readonly bans: Bans
  readonly log: Log
}): AsyncDisposable {
  const { engine, bans, log } = needs
  return repeating({
    every: INTERVAL,
    attempt: attempts((err) =>
      log.error({ err }, 'uploads under way not compared with bans, it will be tried again'),
    ),
    async work(signal) {
      if (!bans.areThere()) return
      const uploads = await engine.endUnwanted(async (sending) => await bans.meet(sending), signal)
      if (uploads > 0) log.info({ uploads }, 'uploads under way ended, because of a ban')
    },
  })
}
