import type { Config } from '../config/options.ts'
import { OperatorError } from '../core/operator-error.ts'
import type { AuditFault } from '../observe/audit-fault.ts'
import { type AuditVerdict, verifyAudit } from '../observe/audit-verify.ts'
import { readSealKeys } from './seal-keys.ts'

/** What of the trail is looked at, and who is told what is wrong. */
export interface AuditProofNeeds {
  /** None: the audit file of the configuration and all that was put aside of it. */
  readonly files: readonly string[]
  /** Whether somebody removed old files on purpose. */
  readonly isPartial: boolean
  readonly onFault: (fault: AuditFault) => void
  readonly signal: AbortSignal
}

/** Verifies the audit trail of a configuration; a server may run meanwhile. */
export async function proveAudit(config: Config, needs: AuditProofNeeds): Promise<AuditVerdict> {
  const { file } = config.audit
  if (file === '' && needs.files.length === 0) {
    throw new OperatorError('There is no audit trail (audit.file is empty): name a file')
  }
  const keyOf = await readSealKeys(config.security.masterKey)
  return await verifyAudit({ ...needs, file, keyOf })
}
