import type { RiskEvents } from '../risk/events.ts'
import type { Log } from './log.ts'

/** What became of the databases of places, as log lines. */
export function riskLog(log: Log): RiskEvents {
  return {
    placesReloaded: (file) => log.info({ file }, 'new database of places in use'),
    placesRefused: (file, error) =>
      log.error({ file, err: error }, 'database of places is damaged: what can be read goes on'),
  }
}
