import { type ClientRequest, type IncomingMessage, request as overTcp } from 'node:http'
import { request as overTls } from 'node:https'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Transport, UploadRequest } from '../transport.ts'

export interface HttpTransportOptions {
  /** A connection that takes so long to make, or on which nothing moves for so long while bytes are to be sent, is dead; in milliseconds. */
  readonly stall?: number
  /** How long the answer may take after the last byte, in milliseconds. */
  readonly patience?: number
  /** Sends no faster, in bytes per second. */
  readonly rate?: number
  /** Certificate authorities (PEM) that are trusted instead of those Node.js knows. */
  readonly ca?: string
  /** Makes the connection of plain http; default: to the URL's host. */
  readonly connect?: () => Socket
}

/** Sends by Node.js' own client, a connection for each request; tells progress and notices dead connections. */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const { stall = 10_000, patience = 30_000, rate } = options
  return async (asked) => {
    const request = opened(asked, options)
    request.setTimeout(stall, () => request.destroy(new Error('The connection is dead')))
    // The request's own timer begins when the connection stands.
    request.once('socket', (socket) => socket.setTimeout(stall))
    const answered = answerOf(request)
    const sending = sendBody(request, asked, { rate, stall }).then(() =>
      request.setTimeout(patience),
    )
    // A body cut short matters only if there is no answer either, and that is what `answered` tells.
    sending.catch(() => {})
    try {
      const { statusCode = 0, headers } = await answered
      return { status: statusCode, headers: new Headers(singleValues(headers)) }
    } finally {
      request.destroy()
    }
  }
}

function opened(
  { method, url, headers, body, signal }: UploadRequest,
  { connect, ca }: HttpTransportOptions,
): ClientRequest {
  const length = method === 'HEAD' ? {} : { 'Content-Length': String(body?.size ?? 0) }
  const request = url.startsWith('https:') ? overTls : overTcp
  return request(url, {
    method,
    headers: { ...headers, ...length },
    signal,
    ...(ca === undefined ? {} : { ca }),
    // An agent would make the connection itself.
    ...(connect === undefined ? { agent: false } : { createConnection: connect }),
  })
}

async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  request.on('error', reject)
  request.once('close', () => reject(new Error('The connection was closed')))
  return await promise
}

async function sendBody(
  request: ClientRequest,
  { body, signal, onSent }: UploadRequest,
  { rate, stall }: { rate: number | undefined; stall: number },
): Promise<void> {
  if (body === undefined) return void request.end()
  const bytes = rate === undefined ? pieces(body, PIECE) : paced(body, { rate, stall, signal })
  await pipeline(Readable.from(counted(bytes, onSent)), request)
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onSent: UploadRequest['onSent'],
): AsyncGenerator<Uint8Array> {
  let sent = 0
  for await (const piece of bytes) {
    yield piece
    sent += piece.length
    onSent?.(sent)
  }
}

/** Shorter rests than this, in milliseconds, timers cannot make. */
const SHORTEST_REST = 10

async function* paced(
  body: Blob,
  { rate, stall, signal }: { rate: number; stall: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let owed = 0
  for await (const piece of pieces(body, pieceAt(rate, stall))) {
    yield piece
    owed += (piece.length * 1000) / rate
    if (owed < SHORTEST_REST) continue
    await delay(owed, undefined, { signal })
    owed = 0
  }
}

/** Most bytes that are counted and paced at once. */
const PIECE = 64 * 1024

/** How many bytes may be followed by their rest without the connection seeming dead. */
function pieceAt(rate: number, stall: number): number {
  return Math.max(1, Math.min(PIECE, Math.floor((rate * stall) / 4000)))
}

async function* pieces(body: Blob, size: number): AsyncGenerator<Uint8Array> {
  // A blob in memory comes as one chunk.
  const chunks: AsyncIterable<Uint8Array> = body.stream()
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size)
  }
}

function singleValues(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
