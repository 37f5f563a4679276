import { createHash } from 'node:crypto'
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http'
import { request as httpsRequest } from 'node:https'

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
 * Opens a request whose body the caller writes and ends; `answerTo` reads what comes back. It has a connection of its
 * own: a proxy may close one after a refusal that came before the body's end, without having said so.
 */
export function openRequest(url: string, options: HttpOptions = {}): ClientRequest {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return request(url, { agent: false, ...options })
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
