import type { Slot } from '../slot.ts'
import type { IqSender } from './iq-sender.ts'
import { requestSlot, type SlotFile } from './slot-request.ts'
import { findUploadService, type UploadService } from './upload-service.ts'

/** The upload service of an account (XEP-0363). */
export interface XmppUploads {
  /**
   * Who gives slots, and for files of what size; looked for until it is found. Rejects with `SlotError` (`no-service`),
   * with the signal's reason, or with the connection's error where the account's server gives no answer.
   */
  service(signal?: AbortSignal): Promise<UploadService>
  /**
   * How to ask for slots for a file: what `upload` takes as its slot. It rejects with `SlotError`, with a signal's reason,
   * or with the connection's error where no answer comes, and asks nobody for a file that is known to be too large.
   */
  slotFor(file: SlotFile, signal?: AbortSignal): (signal?: AbortSignal) => Promise<Slot>
}

/**
 * Finds the upload service of an account, and asks it for slots.
 *
 * ```ts
 * const uploads = xmppUploads(xmppClientSender(xmpp, xml))
 * const { name, size, type } = file
 * const { url } = await upload(file, uploads.slotFor({ name, size, type }))
 * ```
 */
export function xmppUploads(sender: IqSender): XmppUploads {
  let known: UploadService | undefined
  const never = new AbortController().signal

  async function service(signal: AbortSignal = never): Promise<UploadService> {
    known ??= await findUploadService(sender, signal)
    return known
  }

  return {
    service,
    slotFor(file, over = never) {
      return async (asked = over) => {
        const signal = AbortSignal.any([over, asked])
        return await requestSlot(file, { sender, service: await service(signal) }, signal)
      }
    },
  }
}
