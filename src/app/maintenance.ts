import { existsSync } from 'node:fs'
import process from 'node:process'
import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import { OperatorError } from '../core/operator-error.ts'
import type { UploadEngine } from '../engine/engine.ts'
import { type AuditTrail, openAudit } from '../observe/audit.ts'
import { engineAudit } from '../observe/event-audit.ts'
import { gateAudit } from '../observe/gate-events.ts'
import { liftedAudit } from '../observe/lifted-audit.ts'
import { createLog } from '../observe/log.ts'
import { engineOver } from './engine.ts'
import { networkNames } from './network-names.ts'
import { threatPolicyOf } from './risk-policy.ts'
import { openSealKeys } from './seal-keys.ts'
import { enginePolicyOf } from './settings.ts'
import { openStores } from './stores.ts'
import { type ThreatRecords, threatRecords } from './threat-records.ts'

/** The engine over the configured stores, without a server; a server may run beside it. */
export interface Maintenance extends AsyncDisposable {
  readonly engine: Pick<UploadEngine, 'files' | 'find' | 'remove' | 'sweep' | 'overdue' | 'collect'>
  readonly threats: ThreatRecords
}

/** Opens the stores for an operator's command; what it does is audited like the server's doing. */
export async function openMaintenance(config: Config): Promise<Maintenance> {
  const { backend, path } = config.sessionStore
  if (backend === 'sqlite' && !existsSync(path)) {
    throw new OperatorError(`There is no state file ${path} (session_store.path): nothing to do`)
  }
  await using opened = new AsyncDisposableStack()
  const stores = opened.use(await openStores(config))
  const policy = enginePolicyOf(config)
  const audit = opened.use(await openAuditOf(config))
  const { privacy } = config
  const trail = audit ?? { record: () => undefined }
  const events = engineAudit(trail, privacy)
  const engine = opened.use(
    engineOver(stores, events, { policy: () => policy, networkName: networkNames(config) }),
  )
  const threats = threatRecords({
    stores,
    engine,
    policy: threatPolicyOf(config),
    clock: systemClock,
    events: gateAudit(trail, privacy),
    lifted: liftedAudit(trail, privacy),
  })
  const kept = opened.move()
  return { engine, threats, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

async function openAuditOf({ audit: { file }, security }: Config): Promise<AuditTrail | undefined> {
  if (file === '') return undefined
  const { current: sealKey } = await openSealKeys(security.masterKey)
  const log = createLog({
    level: 'warn',
    format: 'pretty',
    destination: process.stderr,
    clock: systemClock,
  })
  return await openAudit({ file, clock: systemClock, log, sealKey, onLost: () => undefined })
}
