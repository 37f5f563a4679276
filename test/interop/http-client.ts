import { createHash } from 'node:crypto'
import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly size: number
  readonly sha256: string
}

/** What a request may need beyond its URL; `ca` is what an https server's certificate must come from (PEM). */
export type HttpOptions = Pick<RequestOptions, 'method' | 'signal' | 'agent' | 'localAddress'> & {
  readonly headers?: Readonly<Record<string, string | number>>
  readonly ca?: string
}

/**
 * Opens a request whose body the caller writes and ends; `answerTo` reads what comes back. Its connection is used by
 * no other: a proxy that refused a request before its body's end closes it without having said so. It does ask for one
 * that is kept, as clients do: otherwise proxies reset it while the body still comes.
 */
export function openRequest(url: string, options: HttpOptions = {}): ClientRequest {
  return url.startsWith('https:')
    ? httpsRequest(url, { agent: new HttpsAgent({ keepAlive: true }), ...options })
    : httpRequest(url, { agent: new Agent({ keepAlive: true }), ...options })
}

/** Waits for the answer and reads it to its end, keeping only its digest. */
export async function answerTo(request: ClientRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve).once('error', reject)
  const response = await promise
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    hash.update(piece)
    size += piece.length
  }
  const { statusCode = 0, headers } = response
  return { status: statusCode, headers, size, sha256: hash.digest('hex') }
}

/** GETs a URL. */
export async function get(url: string, options: HttpOptions = {}): Promise<Answer> {
  const request = openRequest(url, options)
  request.end()
  return await answerTo(request)
}

/** PUTs bytes to a URL. */
export async function put(
  url: string,
  body: Uint8Array,
  options: HttpOptions = {},
): Promise<Answer> {
  const headers = { ...options.headers, 'Content-Length': body.length }
  const request = openRequest(url, { ...options, method: 'PUT', headers })
  request.end(body)
  return await answerTo(request)
}
