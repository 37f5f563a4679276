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
 * All are asked at once and the first to answer is taken, for one that does not answer must delay nobody.
 * @throws {SlotError} `no-service`
 */
export async function findUploadService(
  sender: IqSender,
  signal: AbortSignal,
): Promise<UploadService> {
  const { domain } = sender
  const jids = new Set([...(await itemsOf(sender, signal)), domain])
  try {
    return await Promise.any(Array.from(jids, async (jid) => await serviceAt(jid, sender, signal)))
  } catch (cause) {
    signal.throwIfAborted()
    throw new SlotError('no-service', `${domain} has no upload service`, { cause })
  }
}

async function itemsOf(sender: IqSender, signal: AbortSignal): Promise<readonly string[]> {
  const payload = { name: 'query', xmlns: DISCO_ITEMS }
  const answer = await sender.ask({ to: sender.domain, payload }, signal)
  if (answer.kind === 'error') return []
  const items = childrenOf(answer.payload, 'item', DISCO_ITEMS)
  return items.map(({ attributes }) => attributes['jid']).filter((jid) => jid !== undefined)
}

async function serviceAt(
  jid: string,
  sender: IqSender,
  signal: AbortSignal,
): Promise<UploadService> {
  const payload = { name: 'query', xmlns: DISCO_INFO }
  const answer = await sender.ask({ to: jid, payload }, signal)
  if (answer.kind === 'error' || !hasUpload(answer.payload)) throw new Error(`None at ${jid}`)
  const maxFileSize = maxFileSizeIn(answer.payload)
  return { jid, ...(maxFileSize === undefined ? {} : { maxFileSize }) }
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
