import type { GateEvents } from '../gate/events.ts'
import type { Log } from './log.ts'
import { type Privacy, loggedUser, shownAddress } from './privacy.ts'

type Threat = Parameters<GateEvents['threatFound']>[0]

/** A pattern that was found; of what another process found it is not known by how many. */
type FoundPattern = Omit<Threat, 'count'> & Partial<Pick<Threat, 'count'>>

/** Patterns that were found, as log lines: an operator who watches nothing but the log learns of them. */
export function threatLog(log: Log, privacy: Privacy): (found: FoundPattern) => void {
  return ({ pattern, effect, session, user, client, count, duration }) => {
    const address = client === undefined ? undefined : shownAddress(client, privacy)
    const whom = { session, user: loggedUser(user, privacy), address }
    const seconds = Math.round(duration / 1000)
    log.warn({ pattern, effect, ...whom, count, seconds }, 'threat found')
  }
}
