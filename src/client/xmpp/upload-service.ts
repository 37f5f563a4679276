import type { IqSender } from './iq-sender.ts'
import { DATA_FORM, DISCO_INFO, DISCO_ITEMS, UPLOAD } from './namespaces.ts'
import { SlotError } from './slot-error.ts'
import { childOf, childrenOf, type XmlElement } from './xml-element.ts'

/** Who gives slots (XEP-0363 §4). */
export interface UploadService {
  readonly jid: string
  /** The largest file it takes, in bytes; absent: it does not say. */
  readonly maxFileSize?: number
}

/**
 * Finds the upload service among the account's server and what belongs to it (XEP-0363 §4).
 * All are asked at once and the first to answer is taken, for one that does not answer must delay nobody. Rejects with
 * `SlotError` (`no-service`), with the signal's reason, or as the sender does where the account's server gives no answer.
 */
export async function findUploadService(
  sender: IqSender,
  signal: AbortSignal,
): Promise<UploadService> {
  const { domain } = sender
  const jids = new Set([...(await itemsOf(sender, signal)), domain])
  const silent = new Set(jids)

  async function serviceAt(jid: string): Promise<UploadService> {
    const info = await infoOf(jid, sender, signal)
    silent.delete(jid)
    if (!hasUpload(info)) throw new Error(`There is none at ${jid}`)
    const maxFileSize = maxFileSizeIn(info)
    return { jid, ...(maxFileSize === undefined ? {} : { maxFileSize }) }
  }

  try {
    return await Promise.any(Array.from(jids, serviceAt))
  } catch (cause) {
    signal.throwIfAborted()
    const answering = silent.size > 0 ? ' that answers' : ''
    throw new SlotError('no-service', `${domain} has no upload service${answering}`, { cause })
  }
}

async function itemsOf(sender: IqSender, signal: AbortSignal): Promise<readonly string[]> {
  const payload = { name: 'query', xmlns: DISCO_ITEMS }
  const answer = await sender.ask({ to: sender.domain, payload }, signal)
  if (answer.kind === 'error') return []
  const items = childrenOf(answer.payload, 'item', DISCO_ITEMS)
  return items.map(({ attributes }) => attributes['jid']).filter((jid) => jid !== undefined)
}

async function infoOf(
  jid: string,
  sender: IqSender,
  signal: AbortSignal,
): Promise<XmlElement | undefined> {
  const payload = { name: 'query', xmlns: DISCO_INFO }
  const answer = await sender.ask({ to: jid, payload }, signal)
  return answer.kind === 'error' ? undefined : answer.payload
}

function hasUpload(info: XmlElement | undefined): boolean {
  return childrenOf(info, 'feature', DISCO_INFO).some(
    ({ attributes }) => attributes['var'] === UPLOAD,
  )
}

/** Some servers describe several protocols, each in a form of its own. */
function maxFileSizeIn(info: XmlElement | undefined): number | undefined {
  const form = childrenOf(info, 'x', DATA_FORM).find((each) => field(each, 'FORM_TYPE') === UPLOAD)
  const text = field(form, 'max-file-size') ?? ''
  return /^\d{1,15}$/u.test(text) ? Number(text) : undefined
}

function field(form: XmlElement | undefined, name: string): string | undefined {
  const found = childrenOf(form, 'field', DATA_FORM).find(
    ({ attributes }) => attributes['var'] === name,
  )
  return childOf(found, 'value', DATA_FORM)?.text.trim()
}
