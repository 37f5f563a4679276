import type { Registry } from 'prom-client'
import type { KeyEvents } from '../keys/events.ts'
import type { AuditTrail } from './audit.ts'
import type { Log } from './log.ts'
import { totalBy } from './totals.ts'

/** What became of the master keys, as audit lines. */
export function keyAudit({ record }: Pick<AuditTrail, 'record'>): KeyEvents {
  return {
    added: (kid) => record({ event: 'key-added', kid }),
    removed: (kid, why) => record({ event: 'key-removed', kid, why }),
    refused: () => undefined,
  }
}

/** The same as log lines. */
export function keyLog(log: Log): KeyEvents {
  return {
    added: (kid, activeFrom) =>
      log.info({ kid, activeFrom: new Date(activeFrom).toISOString() }, 'master key added'),
    removed: (kid, why) => log.info({ kid, why }, 'master key removed'),
    refused: (err) => log.error({ err }, 'master keys not read again: the old ones stay in use'),
  }
}

/** The same, counted. */
export function keyMetrics(registry: Registry): KeyEvents {
  const changes = totalBy(registry, 'hfs_master_key_changes_total', ['added', 'removed', 'refused'])
  return {
    added() {
      changes('added').count += 1
    },
    removed() {
      changes('removed').count += 1
    },
    refused() {
      changes('refused').count += 1
    },
  }
}
