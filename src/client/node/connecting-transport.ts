import { Agent, type ClientRequest, type IncomingMessage, request as overTcp } from 'node:http'
import { Agent as TlsAgent, request as overTls } from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { problemCode } from '../problem-code.ts'
import type { Bytes } from '../source.ts'
import { miscounted } from '../source-slice.ts'
import type { Transport, UploadRequest } from '../transport.ts'
import { UploadError } from '../upload-error.ts'
import type { HttpTransportOptions } from './http-transport-options.ts'

interface ConnectingOptions extends HttpTransportOptions {
  /** Makes connections of plain http; default: to the URL's host. */
  readonly connect?: () => Socket
}

/** As `httpTransport`, over connections of one's own: a type of Node.js, which no interface of a package should need. */
export function connectingTransport({ rate, ca, connect }: ConnectingOptions): Transport {
  const agents = [
    Object.assign(new Agent({ keepAlive: true }), connect && { createConnection: connect }),
    new TlsAgent({ keepAlive: true, ...(ca !== undefined && { ca }) }),
  ]
  const trusted = new Set<string>()
  return async (asked) => {
    const { host } = new URL(asked.url)
    // A probe asks for a way that there is now.
    if (asked.method === 'GET') dropResting(agents)
    const request = opened(asked, agents)
    try {
      const sending = sendBody(request, asked, rate)
      const response = await answerOf(request, sending)
      trusted.add(host)
      const { statusCode: status = 0, headers } = response
      const problem = await explanation(response)
      return { status, headers: new Headers(singleValues(headers)), ...problem }
    } catch (reason) {
      // Those that rest lie on the same network.
      dropResting(agents)
      // Where a server was trusted before, somebody on the way may answer in its place for a while.
      throw isUntrusted(request) && !trusted.has(host) ? untrusted(host, reason) : reason
    } finally {
      if (!request.writableFinished) request.destroy()
    }
  }
}

function opened(
  { method, url, headers, body, signal }: UploadRequest,
  [tcp, tls]: readonly Agent[],
): ClientRequest {
  const length = method === 'HEAD' ? {} : { 'Content-Length': String(body?.size ?? 0) }
  const [request, agent] = url.startsWith('https:') ? [overTls, tls] : [overTcp, tcp]
  return request(url, { method, headers: { ...headers, ...length }, signal, agent })
}

function isUntrusted({ socket }: ClientRequest): boolean {
  // Null, against its type, where all is well.
  return socket instanceof TLSSocket && Boolean(socket.authorizationError)
}

function untrusted(host: string, cause: unknown): UploadError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new UploadError('untrusted-server', `${host} is not trusted: ${why}`, { cause })
}

function dropResting(agents: readonly Agent[]): void {
  const resting = agents.flatMap(({ freeSockets }) => Object.values(freeSockets).flat())
  for (const socket of resting) socket?.destroy()
}

async function answerOf(request: ClientRequest, sending: Promise<void>): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', (response) => {
    const hasBody = Number(request.getHeader('content-length') ?? 0) > 0
    // Whoever refuses or redirects a body may not read it, and take it for the next request.
    if (hasBody && (response.statusCode ?? 0) >= 300) request.shouldKeepAlive = false
    resolve(response)
  })
  request.on('error', reject)
  request.once('close', () => reject(new Error('The connection was closed')))
  // A body that is cut short by its answer is no failure; this comes after the answer then.
  sending.catch(reject)
  return await promise
}

/** Longest problem document that is read, in bytes. */
const MOST_TOLD = 16 * 1024

/** What the answer is explained with; its body is read to its end, or the connection given up. */
async function explanation(response: IncomingMessage): Promise<ReturnType<typeof problemCode>> {
  const read: Buffer[] = []
  let length = 0
  try {
    for await (const piece of response) {
      if (!Buffer.isBuffer(piece) || (length += piece.length) > MOST_TOLD) return {}
      read.push(piece)
    }
    return problemCode(Buffer.concat(read).toString())
  } catch {
    // The answer is what counts; its explanation may be lost.
    return {}
  }
}

async function sendBody(
  request: ClientRequest,
  { body, signal, onSent }: UploadRequest,
  rate: number | undefined,
): Promise<void> {
  const flush = flushing(request)
  const size = body?.size ?? 0
  let sent = 0
  for await (const piece of body ? paced(body, rate, signal) : []) {
    sent += piece.length
    // More than was announced would be taken for the next request.
    if (sent > size) throw miscounted(sent, size)
    await flush(piece)
    onSent?.(sent)
  }
  if (sent < size) throw miscounted(sent, size)
  request.end()
}

/** Writes a piece; resolves when the system has taken it. */
function flushing(request: ClientRequest): (piece: Uint8Array) => Promise<void> {
  let giveUp: ((reason: Error) => void) | undefined
  request.once('close', () => giveUp?.(new Error('The connection was closed')))
  return async (piece) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    giveUp = reject
    request.write(piece, (error) => (error ? reject(error) : resolve()))
    await promise
  }
}

/** Most bytes that are counted and paced at once. */
const PIECE = 64 * 1024

/** Shorter rests than this, in milliseconds, timers cannot make. */
const SHORTEST_REST = 10

/** A body in pieces, no faster than `rate` bytes per second: four of them a second at least, if it is slow. */
async function* paced(
  body: Bytes,
  rate: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const size = Math.max(1, Math.min(PIECE, Math.floor((rate ?? Infinity) / 4)))
  // A blob in memory comes as one chunk.
  const chunks: AsyncIterable<Uint8Array> = body.stream()
  let owed = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += size) {
      const piece = chunk.subarray(at, at + size)
      yield piece
      owed += rate === undefined ? 0 : (piece.length * 1000) / rate
      if (owed < SHORTEST_REST) continue
      await delay(owed, undefined, { signal })
      owed = 0
    }
  }
}

function singleValues(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
