import type { Abuse } from '../abuse/abuse.ts'
import { Refusal } from '../core/refusals.ts'
import { userOf } from '../engine/admission.ts'
import type { Sending, UploadEngine } from '../engine/engine.ts'
import type { Threats } from '../gate/threats.ts'
import type { Log } from '../observe/log.ts'
import { attempts } from './attempts.ts'
import { repeating } from './repeating.ts'

/** How often uploads under way are compared with the bans, in milliseconds: as often as the bans of others are learnt. */
const INTERVAL = 1000

/** What knows of bans. */
interface Bans {
  readonly abuse: Pick<Abuse, 'refuseBanned'>
  readonly threats: Pick<Threats, 'refuseBanned'>
}

/** Whether a request would be refused now for its network, its user, its slot or its session. */
export function isBanned({ client, slot }: Sending, { abuse, threats }: Bans): boolean {
  try {
    abuse.refuseBanned(client, userOf(slot))
    threats.refuseBanned({ name: slot.session ?? slot.fingerprint })
    return false
  } catch (error) {
    if (error instanceof Refusal) return true
    throw error
  }
}

/** Ends the uploads under way of who was banned meanwhile. Disposing ends that. */
export function startEndingBanned(needs: {
  readonly engine: Pick<UploadEngine, 'end'>
  readonly isBanned: (sending: Sending) => boolean
  readonly log: Log
}): AsyncDisposable {
  const { engine, log } = needs
  return repeating({
    every: INTERVAL,
    attempt: attempts((err) =>
      log.error({ err }, 'uploads under way not compared with bans, it will be tried again'),
    ),
    async work() {
      const uploads = engine.end(needs.isBanned)
      if (uploads > 0) log.info({ uploads }, 'uploads under way ended, because of a ban')
    },
  })
}
