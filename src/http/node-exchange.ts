import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { constants, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock, Instant } from '../core/clock.ts'
import { randomId } from '../core/random.ts'
import { Refusal } from '../core/refusals.ts'
import { type RequestBody, emptyBody, requestBody } from './body-source.ts'
import type { BodyWatch } from './body-watch.ts'
import { type ClientAddressPolicy, type Peer, clientAddressOf } from './client-address.ts'
import { CROSS_ORIGIN } from './cross-origin.ts'
import type { Answer, Exchange } from './exchange.ts'
import type { Lingering } from './lingering.ts'
import type { NodeRequest, NodeResponse } from './node-messages.ts'
import { parseTarget, target } from './target.ts'

/** What every exchange of a server shares. */
export interface ExchangeNeeds {
  readonly clock: Clock
  readonly prefix: string
  readonly clientAddress: ClientAddressPolicy
  readonly watch: BodyWatch
  readonly lingering: Lingering
  /** The server is going down: no connection is kept. */
  readonly closing: () => boolean
}

/** One request as it came in. */
export interface Arrival {
  readonly request: NodeRequest
  readonly response: NodeResponse
  readonly peer: Peer
  /** The client sends its body only after `100 Continue` (RFC 9110 §10.1.1). */
  readonly awaitsContinue: boolean
}

/** How far the answer is: `gone` if the client left, or was cut, before it was complete. */
export type AnswerPhase = 'none' | 'begun' | 'ended' | 'gone'

/** An exchange over `node:http` or `node:http2`, with what its server must know about it. */
export interface NodeExchange extends Exchange {
  /** HTTP/1.1 only: the connection, which is the exchange's own until it ends. */
  readonly socket: Socket | undefined
  readonly phase: AnswerPhase
  /** A target that is refused before any handler sees it. */
  readonly refusedTarget: Refusal | undefined
  /** To be called once, when the response is closed; returns what to report. */
  closed(): { readonly status: number; readonly milliseconds: number }
}

interface State extends Arrival {
  readonly needs: ExchangeNeeds
  readonly startedAt: Instant
  readonly contentLength: number | undefined
  readonly hasBody: boolean
  body: RequestBody | undefined
  phase: AnswerPhase
  status: number
  abort: AbortController | undefined
  /** Rejecters of the writes under way. */
  writes: Set<(reason: Error) => void> | undefined
}

/** Makes the exchange of one request. What most requests never ask for is made when first read. */
export function nodeExchange(arrival: Arrival, needs: ExchangeNeeds): NodeExchange {
  const { request } = arrival
  const parsed = parseTarget(request.url ?? '', needs.prefix)
  const state = openState(arrival, needs)
  let id: string | undefined
  let client: Exchange['client'] | undefined
  return {
    get id() {
      id ??= randomId(9)
      return id
    },
    method: request.method ?? '',
    target: parsed instanceof Refusal ? target('', '') : parsed,
    refusedTarget: parsed instanceof Refusal ? parsed : undefined,
    headers: request.headers,
    get client() {
      client ??= clientAddressOf(arrival.peer, request.headers, needs.clientAddress)
      return client
    },
    get body() {
      return bodyOf(state)
    },
    contentLength: state.contentLength,
    socket: 'stream' in request ? undefined : request.socket,
    get phase() {
      return state.phase
    },
    get signal() {
      return signalOf(state)
    },
    reply: (answer) => reply(state, answer),
    begin: (status, headers) => begin(state, status, headers),
    write: (piece, last) => write(state, piece, last),
    cut: () => cut(state),
    closed: () => closed(state),
  }
}

function openState(arrival: Arrival, needs: ExchangeNeeds): State {
  const { request } = arrival
  const text = request.headers['content-length']
  const contentLength = text === undefined ? undefined : Number(text)
  return {
    ...arrival,
    needs,
    startedAt: needs.clock(),
    contentLength,
    hasBody:
      'stream' in request
        ? !request.stream.endAfterHeaders
        : request.headers['transfer-encoding'] !== undefined || (contentLength ?? 0) > 0,
    body: undefined,
    phase: 'none',
    status: 0,
    abort: undefined,
    writes: undefined,
  }
}

function bodyOf(state: State): RequestBody {
  state.body ??= state.hasBody
    ? requestBody({
        request: state.request,
        contentLength: state.contentLength,
        watch: state.needs.watch,
        proceed: () => {
          if (state.awaitsContinue && state.phase === 'none') state.response.writeContinue()
        },
        destroy: () => destroy(state),
      })
    : emptyBody(() => cut(state))
  return state.body
}

function signalOf(state: State): AbortSignal {
  state.abort ??= new AbortController()
  if (state.phase === 'gone') state.abort.abort()
  return state.abort.signal
}

function reply(state: State, answer: Answer): void {
  if (state.phase !== 'none') return
  const headers = { ...CROSS_ORIGIN, ...answer.headers }
  const length = lengthOf(answer)
  if (length !== undefined && state.request.method !== 'HEAD') headers['content-length'] ??= length
  sendHead(state, answer.status, headers)
  state.phase = 'ended'
  if ('stream' in state.response) state.response.stream.end(answer.body)
  else state.response.end(answer.body)
}

/** RFC 9110 §8.6: 1xx, 204 and 304 carry no length of their own. */
function lengthOf(answer: Answer): number | undefined {
  if (answer.status === 204 || answer.status === 304) return undefined
  return answer.body === undefined ? 0 : Buffer.byteLength(answer.body)
}

function begin(state: State, status: number, headers: OutgoingHttpHeaders): void {
  if (state.phase !== 'none') return
  sendHead(state, status, { ...CROSS_ORIGIN, ...headers })
  state.phase = 'begun'
}

function sendHead(state: State, status: number, headers: OutgoingHttpHeaders): void {
  const { response } = state
  state.status = status
  const unread = state.hasBody && state.body?.complete !== true
  if ('stream' in response) {
    response.writeHead(status, headers)
    if (unread) resetWhenAnswered(state, response)
    return
  }
  if (unread || state.needs.closing()) headers['connection'] = 'close'
  response.writeHead(status, headers)
  if (unread) discardBody(state, response)
}

/** RFC 9113 §8.1: after a complete answer the rest of the request is not wanted. */
function resetWhenAnswered(state: State, response: Http2ServerResponse): void {
  state.body?.abandon()
  const { stream } = response
  stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
  stream.resume()
}

function discardBody(state: State, response: ServerResponse): void {
  state.body?.abandon()
  const { request } = state
  if (!request.socket.destroyed) state.needs.lingering.add(request.socket)
  response.once('finish', () => request.resume())
}

async function write(state: State, piece: Uint8Array, last: boolean): Promise<void> {
  if (state.phase !== 'begun') throw new Error('The answer is not open')
  if (last) state.phase = 'ended'
  const writes = (state.writes ??= new Set())
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  writes.add(reject)
  const written = (error?: Error | null): void => {
    writes.delete(reject)
    if (error) reject(error)
    else resolve()
  }
  if ('stream' in state.response) writeStream(state.response, { piece, last, written })
  else if (last) state.response.end(piece, written)
  else state.response.write(piece, written)
  await promise
}

function writeStream(
  response: Http2ServerResponse,
  { piece, last, written }: { piece: Uint8Array; last: boolean; written: () => void },
): void {
  if (last) response.stream.end(piece, written)
  else response.stream.write(piece, written)
}

/** Ends the connection unanswered; `closed` follows when it is. */
function cut(state: State): void {
  destroy(state)
  state.body?.abandon()
}

function destroy(state: State): void {
  if (state.phase !== 'ended') state.phase = 'gone'
  if ('stream' in state.request) state.request.stream.close(constants.NGHTTP2_CANCEL)
  else state.request.socket.destroy()
}

function closed(state: State): { status: number; milliseconds: number } {
  const whole = state.phase === 'ended' && isFlushed(state.response)
  if (!whole) {
    state.phase = 'gone'
    state.abort?.abort()
    for (const reject of state.writes ?? []) reject(new Error('The client is gone'))
  }
  const milliseconds = state.needs.clock() - state.startedAt
  return { status: whole ? state.status : 0, milliseconds }
}

function isFlushed(response: NodeResponse): boolean {
  return 'stream' in response ? response.stream.writableFinished : response.writableFinished
}
