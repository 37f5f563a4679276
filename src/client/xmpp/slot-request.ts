import type { Slot } from '../slot.ts'
import type { IqSender } from './iq-sender.ts'
import { STANZAS, UPLOAD } from './namespaces.ts'
import { SlotError, type SlotErrorCode } from './slot-error.ts'
import type { UploadService } from './upload-service.ts'
import { childOf, childrenOf, type XmlElement } from './xml-element.ts'

/** What a slot is asked for. */
export interface SlotFile {
  /** Without folders. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** Media type. */
  readonly type?: string
}

/**
 * Asks for a slot (XEP-0363 §5). Rejects with `SlotError`, with the signal's reason, or as the sender does where no
 * answer comes.
 */
export async function requestSlot(
  file: SlotFile,
  { sender, service }: { sender: IqSender; service: UploadService },
  signal: AbortSignal,
): Promise<Slot> {
  const { jid, maxFileSize } = service
  // Not every service answers a request for too large a file.
  if (maxFileSize !== undefined && file.size > maxFileSize) throw tooLarge(file, maxFileSize)
  const type = file.type ? { 'content-type': file.type } : {}
  const attributes = { filename: file.name, size: String(file.size), ...type }
  const payload = { name: 'request', xmlns: UPLOAD, attributes }
  const answer = await sender.ask({ to: jid, payload }, signal)
  if (answer.kind === 'error') throw failureIn(answer.error, file)
  return slotIn(answer.payload)
}

function slotIn(payload: XmlElement | undefined): Slot {
  const slot = payload?.name === 'slot' && payload.namespace === UPLOAD ? payload : undefined
  const put = childOf(slot, 'put', UPLOAD)
  const headers = Object.fromEntries(childrenOf(put, 'header', UPLOAD).flatMap(allowedHeader))
  return {
    put: addressIn(slot, 'put'),
    get: addressIn(slot, 'get'),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  }
}

function addressIn(slot: XmlElement | undefined, name: 'put' | 'get'): string {
  const text = childOf(slot, name, UPLOAD)?.attributes['url'] ?? ''
  // As requests write it: nothing in it can be anything else than a URL.
  const address = URL.canParse(text) ? new URL(text).href : ''
  if (/^https?:/u.test(address)) return address
  throw new SlotError('bad-answer', `The slot has no HTTP address in <${name}/>`)
}

/** XEP-0363 §5: the header fields that a client sends; it must ignore others. */
const ALLOWED = ['authorization', 'cookie', 'expires']

function allowedHeader({ attributes, text }: XmlElement): [string, string][] {
  // XEP-0363 §5: line feeds are taken out.
  const name = (attributes['name'] ?? '').replaceAll(/[\r\n]/gu, '')
  if (!ALLOWED.includes(name.toLowerCase())) return []
  return [[name, text.replaceAll(/[\r\n]/gu, '')]]
}

/** XEP-0363 §6, and RFC 6120 §8.3 for what it leaves open. */
function failureIn(error: XmlElement, file: SlotFile): SlotError {
  const limit = childOf(error, 'file-too-large', UPLOAD)
  if (limit !== undefined) return tooLarge(file, sizeIn(childOf(limit, 'max-file-size', UPLOAD)))
  const condition = error.children.find(
    ({ name, namespace }) => namespace === STANZAS && name !== 'text',
  )?.name
  const text = childOf(error, 'text', STANZAS)?.text ?? ''
  const retryAt = timeIn(childOf(error, 'retry', UPLOAD))
  return new SlotError(codeOf(condition), sentence(condition, text), { condition, retryAt })
}

function codeOf(condition: string | undefined): SlotErrorCode {
  return condition === 'resource-constraint' ? 'retry-later' : 'refused'
}

function sentence(condition: string | undefined, text: string): string {
  // What a server says may reach a terminal.
  const reason = [condition, text.replaceAll(/\p{Cc}+/gu, ' ')].filter(Boolean).join(': ')
  return `The upload service gives no slot${reason === '' ? '' : ` (${reason})`}`
}

function tooLarge({ size }: SlotFile, maxFileSize: number | undefined): SlotError {
  const limit = maxFileSize === undefined ? 'fewer' : `${maxFileSize} at most`
  const message = `The file has ${size} bytes, and the upload service takes ${limit}`
  return new SlotError('file-too-large', message, { maxFileSize })
}

function sizeIn(element: XmlElement | undefined): number | undefined {
  const text = element?.text.trim() ?? ''
  return /^\d{1,15}$/u.test(text) ? Number(text) : undefined
}

/** A moment as XEP-0082 writes it. */
function timeIn(element: XmlElement | undefined): Date | undefined {
  const time = Date.parse(element?.attributes['stamp'] ?? '')
  return Number.isNaN(time) ? undefined : new Date(time)
}
