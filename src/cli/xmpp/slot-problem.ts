import type { SlotError } from '../../client/xmpp/main.ts'
import { showSize } from '../../config/quantity.ts'
import { quoted } from '../printable-text.ts'
import { TransferFailure } from '../transfer-failure.ts'

/** Why there is no slot, and what can be done. */
export function slotProblem(error: SlotError): TransferFailure {
  return new TransferFailure(`slot-${error.code}`, sentenceFor(error))
}

function sentenceFor({ code, message: said, maxFileSize, retryAt }: SlotError): string {
  const message = quoted(said)
  switch (code) {
    case 'no-service':
      return `${message} (XEP-0363). "hmac-file-server init" prints what its operator has to configure`
    case 'file-too-large':
      return maxFileSize === undefined
        ? 'The file is too large for the upload service'
        : `The file is too large: the upload service takes at most ${showSize(maxFileSize)}`
    case 'retry-later':
      return `${message}. ${retryAt === undefined ? 'Try later' : `Try again after ${retryAt.toISOString()}`}`
    case 'refused':
      return message
    case 'bad-answer':
      return `${message}: the configuration of the upload service is wrong`
  }
}
