import type { UploadErrorCode } from '../client/upload-error.ts'
import type { SlotErrorCode } from '../client/xmpp/main.ts'
import { OperatorError } from '../core/operator-error.ts'

/** Every way in which a transfer ends without its file, for programs: codes stay as they are. */
export const FAILURES = {
  refused: 'the server does not take or give the file, and trying again would not change that',
  'reauthentication-required': 'the server wants a new slot after so long a time',
  'source-changed': 'the file is not what it was when the transfer began',
  'untrusted-server': 'the certificate of the server is not trusted, not its own, or has expired',
  'bad-answer': 'what answers is not what it should be',
  'out-of-tries': 'it failed again and again without any progress',
  stopped: 'Ctrl-C, or a service manager, ended it',
  'file-unusable': 'the file to send is missing, no file, or may not be read',
  'file-exists': 'a file of the name is there, and `--force` was not given',
  'already-downloading': 'another process downloads the same file to the same folder',
  'package-missing': '`@xmpp/client` is not installed',
  'login-failed': 'the XMPP server does not answer, or does not let the account in',
  'slot-no-service': 'the XMPP server has no upload service',
  'slot-file-too-large': 'the file is larger than the upload service takes',
  'slot-retry-later': 'the upload service gives no slot now',
  'slot-refused': 'the upload service gives no slot',
  'slot-bad-answer': 'what the upload service gives is no slot',
  'not-delivered': 'the file is there, at `url`, but the message with its link was not taken',
  'local-problem':
    'something on this machine is not as it has to be; `system` is the error of the system',
  internal: 'a fault of the program; its stack is on standard error',
} as const satisfies Readonly<
  Record<UploadErrorCode | `slot-${SlotErrorCode}`, string> & Record<string, string>
>

export type FailureCode = keyof typeof FAILURES

/** A transfer that failed for a reason that the server of files has no part in. */
export class TransferFailure extends OperatorError {
  readonly code: FailureCode
  /** What else programs are told. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: FailureCode, message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.code = code
    this.facts = facts
  }
}
