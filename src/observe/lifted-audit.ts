import type { AuditEntry } from './audit-line.ts'
import type { AuditTrail } from './audit.ts'
import { type Privacy, shownNetwork, shownUser } from './privacy.ts'

/** A finding that an operator ended: `subject` is `session:`, `network:` or `user:` and whom it was about. */
interface Lifted {
  readonly pattern: string
  readonly subject: string
}

/** Findings that an operator ended, as audit lines. */
export function liftedAudit(
  { record }: Pick<AuditTrail, 'record'>,
  privacy: Privacy,
): (lifted: Lifted) => void {
  return ({ pattern, subject }) =>
    record({ event: 'threat-lifted', ...shownSubject(subject, privacy), pattern })
}

function shownSubject(
  subject: string,
  privacy: Privacy,
): Pick<AuditEntry, 'session' | 'user' | 'address'> {
  const [kind = ''] = subject.split(':', 1)
  const whom = subject.slice(kind.length + 1)
  if (kind === 'session') return { session: whom }
  if (kind === 'user') return { user: shownUser(whom, privacy) }
  return { address: shownNetwork(whom, privacy) }
}
