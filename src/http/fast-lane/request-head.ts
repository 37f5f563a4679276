import type { IncomingHttpHeaders } from 'node:http'

/** Methods that the lane serves. */
export type LaneMethod = 'GET' | 'HEAD' | 'PUT'

/** The head of a request that can mean only one thing. */
export interface RequestHead {
  readonly method: LaneMethod
  /** Request target in origin form. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  /** Of the body, in bytes; a request without the field has none. */
  readonly contentLength: number | undefined
  readonly awaitsContinue: boolean
  /** Bytes of the head itself, up to and including the empty line. */
  readonly bytes: number
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const REQUEST_LINE = /^(GET|HEAD|PUT) (\/[!"$-~]*) HTTP\/1\.1$/
const NAME = /^[A-Za-z0-9-]+$/
const VALUE = /^[!-~](?:[ -~]*[!-~])?$/
const LENGTH = /^\d{1,15}$/

/** What changes how the message is read, or what follows it: a matter for the whole parser. */
const DOUBTFUL = new Set([
  'http2-settings',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads a head that stands complete at the start of `bytes` and is in the strict form that most
 * clients send (RFC 9112 §2–§3): CRLF only, no field twice, no folding, nothing but ASCII, exactly one
 * `Host`, a body only by `Content-Length`. Returns nothing for anything else: two parsers can
 * then never judge one request differently, because whatever leaves a doubt has only one of them.
 */
export function readRequestHead(bytes: Buffer): RequestHead | undefined {
  const end = bytes.indexOf(END_OF_HEAD)
  if (end < 0) return undefined
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, method, target] = REQUEST_LINE.exec(requestLine) ?? []
  if (!isLaneMethod(method) || target === undefined) return undefined
  const headers = readFields(lines)
  if (headers?.host === undefined) return undefined
  const { expect } = headers
  const length = headers['content-length']
  const hasBody = length !== undefined
  if (hasBody && (method !== 'PUT' || !LENGTH.test(length))) return undefined
  if (expect !== undefined && !(hasBody && expect === '100-continue')) return undefined
  return {
    method,
    target,
    headers,
    contentLength: hasBody ? Number(length) : undefined,
    awaitsContinue: expect !== undefined,
    bytes: end + END_OF_HEAD.length,
  }
}

function isLaneMethod(method: string | undefined): method is LaneMethod {
  return method === 'GET' || method === 'PUT' || method === 'HEAD'
}

function readFields(lines: readonly string[]): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (colon < 1 || !NAME.test(name) || !VALUE.test(value)) return undefined
    if (Object.hasOwn(headers, name) || DOUBTFUL.has(name)) return undefined
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined
    headers[name] = value
  }
  return headers
}
