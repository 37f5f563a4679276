import type { IncomingHttpHeaders } from 'node:http'
import { decimal } from '../../core/decimal.ts'

/** What the fields of a head say. */
interface Fields {
  /** Frozen, and the same object for heads whose fields are the same. */
  readonly headers: IncomingHttpHeaders
  /** Of the body, in bytes; a request without the field has none (RFC 9112 §6.3). */
  readonly contentLength: number | undefined
  readonly awaitsContinue: boolean
  /** `Connection: close`: nothing that follows is a request (RFC 9112 §9.6). */
  readonly closes: boolean
}

/** The head of a request that can mean only one thing. */
export interface RequestHead extends Fields {
  /** One of those that the lane serves. */
  readonly method: string
  /** Request target in origin form. */
  readonly target: string
  /** Bytes of the head itself, up to and including the empty line. */
  readonly bytes: number
}

/** Fields as they were read last, and the bytes that say them, from the request line's CRLF to the empty line. */
interface KnownFields extends Fields {
  readonly raw: Buffer
}

const CR = 0x0d
const LF = 0x0a
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const REQUEST_LINE = /^(GET|HEAD|PUT|PATCH|POST|DELETE|OPTIONS) (\/[!"$-~]*) HTTP\/1\.1$/
const FIELD = /([A-Za-z0-9-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)[ \t]*(?:\r\n|$)/y

/** One word about the connection; several, or another one, are a matter for the whole parser. */
const CONNECTION = /^(?:keep-alive|close)$/i

/** Methods with which a length is expected; what else announces a body is a matter for the whole parser. */
const WITH_BODY: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'POST'])

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
  #known: KnownFields | undefined = undefined

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
    if (method === undefined || target === undefined) return undefined
    const { raw, headers, contentLength, awaitsContinue, closes } = fields
    if (contentLength !== undefined && !WITH_BODY.has(method)) return undefined
    const length = lineEnd + raw.length
    return { method, target, headers, contentLength, awaitsContinue, closes, bytes: length }
  }

  #fieldsAt(bytes: Buffer, start: number, count: number): KnownFields | undefined {
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

function fieldsIn(block: Buffer): KnownFields | undefined {
  const headers = readFields(block.toString('latin1', 2, block.length - END_OF_HEAD.length))
  if (headers?.host === undefined) return undefined
  const { expect, connection } = headers
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
    closes: connection?.toLowerCase() === 'close',
  }
}

function readFields(text: string): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {}
  for (FIELD.lastIndex = 0; FIELD.lastIndex < text.length;) {
    const [, spelled, value] = FIELD.exec(text) ?? []
    if (spelled === undefined || value === undefined) return undefined
    const name = spelled.toLowerCase()
    if (Object.hasOwn(headers, name) || DOUBTFUL.has(name)) return undefined
    if (name === 'connection' && !CONNECTION.test(value)) return undefined
    headers[name] = value
  }
  return headers
}
