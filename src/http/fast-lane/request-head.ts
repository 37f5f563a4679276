import type { IncomingHttpHeaders } from 'node:http'
import { decimal } from '../../core/decimal.ts'

/** Methods that the lane serves. */
export type LaneMethod = 'GET' | 'HEAD' | 'PUT'

/** The head of a request that can mean only one thing. */
export interface RequestHead {
  readonly method: LaneMethod
  /** Request target in origin form. */
  readonly target: string
  /** Frozen, and the same object for heads whose fields are the same. */
  readonly headers: IncomingHttpHeaders
  /** Of the body, in bytes; a request without the field has none. */
  readonly contentLength: number | undefined
  readonly awaitsContinue: boolean
  /** Bytes of the head itself, up to and including the empty line. */
  readonly bytes: number
}

/** What the fields of a head say, and the bytes that say it, from the request line's CRLF to the empty line. */
interface Fields {
  readonly raw: Buffer
  readonly headers: IncomingHttpHeaders
  readonly contentLength: number | undefined
  readonly awaitsContinue: boolean
}

const CR = 0x0d
const LF = 0x0a
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const REQUEST_LINE = /^(GET|HEAD|PUT) (\/[!"$-~]*) HTTP\/1\.1$/
const FIELD = /([A-Za-z0-9-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)[ \t]*(?:\r\n|$)/y

/** What changes how the message is read, or what follows it: a matter for the whole parser. */
const DOUBTFUL = new Set([
  'http2-settings',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads the heads of one connection. Its client mostly says the same of itself with every
 * request: fields that came last time, byte for byte, are not read again. A class, because every connection
 * has one.
 */
export class HeadReader {
  #known: Fields | undefined = undefined

  /**
   * Reads a head that stands complete in the first `count` of `bytes` and is in the strict form that most
   * clients send (RFC 9112 §2–§3): CRLF only, no field twice, no folding, nothing but ASCII, exactly one
   * `Host`, a body only by `Content-Length`. Returns nothing for anything else: two parsers can
   * then never judge one request differently, because whatever leaves a doubt has only one of them.
   */
  read(bytes: Buffer, count = bytes.length): RequestHead | undefined {
    const lineEnd = bytes.indexOf(CR)
    if (lineEnd < 0 || lineEnd >= count) return undefined
    const fields = this.#fieldsAt(bytes, lineEnd, count)
    if (fields === undefined) return undefined
    const [, method, target] = REQUEST_LINE.exec(bytes.toString('latin1', 0, lineEnd)) ?? []
    if (!isLaneMethod(method) || target === undefined) return undefined
    const { headers, contentLength, awaitsContinue } = fields
    if (contentLength !== undefined && method !== 'PUT') return undefined
    const length = lineEnd + fields.raw.length
    return { method, target, headers, contentLength, awaitsContinue, bytes: length }
  }

  #fieldsAt(bytes: Buffer, start: number, count: number): Fields | undefined {
    const { raw } = this.#known ?? {}
    const knownEnd = start + (raw?.length ?? Infinity)
    if (raw !== undefined && knownEnd <= count) {
      if (bytes.compare(raw, 0, raw.length, start, knownEnd) === 0) return this.#known
    }
    const end = bytes.indexOf(END_OF_HEAD, start)
    const isWhole = end > start && end + END_OF_HEAD.length <= count
    if (!isWhole || bytes[start + 1] !== LF) return undefined
    const fields = fieldsIn(bytes.subarray(start, end + END_OF_HEAD.length))
    if (fields !== undefined) this.#known = fields
    return fields
  }
}

function isLaneMethod(method: string | undefined): method is LaneMethod {
  return method === 'GET' || method === 'PUT' || method === 'HEAD'
}

function fieldsIn(block: Buffer): Fields | undefined {
  const headers = readFields(block.toString('latin1', 2, block.length - END_OF_HEAD.length))
  if (headers?.host === undefined) return undefined
  const { expect } = headers
  const length = headers['content-length']
  const contentLength = length === undefined ? undefined : decimal(length)
  if (length !== undefined && contentLength === undefined) return undefined
  // Nobody waits for leave to send nothing.
  const mayWait = contentLength !== undefined && contentLength > 0
  if (expect !== undefined && !(mayWait && expect === '100-continue')) return undefined
  return {
    raw: Buffer.from(block),
    headers: Object.freeze(headers),
    contentLength,
    awaitsContinue: expect !== undefined,
  }
}

function readFields(text: string): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {}
  for (FIELD.lastIndex = 0; FIELD.lastIndex < text.length;) {
    const [, spelled, value] = FIELD.exec(text) ?? []
    if (spelled === undefined || value === undefined) return undefined
    const name = spelled.toLowerCase()
    if (Object.hasOwn(headers, name) || DOUBTFUL.has(name)) return undefined
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined
    headers[name] = value
  }
  return headers
}
