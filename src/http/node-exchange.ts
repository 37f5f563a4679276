import {
  type IncomingHttpHeaders,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  STATUS_CODES,
  type ServerResponse,
} from 'node:http'
import { constants, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { ClientAddress } from '../core/client-address.ts'
import type { Clock, Instant } from '../core/clock.ts'
import { NOWHERE } from '../core/passing-set.ts'
import { randomId } from '../core/random.ts'
import { Refusal } from '../core/refusals.ts'
import { lengthOf } from './answer-head.ts'
import { type RequestBody, emptyBody, requestBody } from './body-source.ts'
import type { BodyWatch } from './body-watch.ts'
import {
  type ClientAddressPolicy,
  type Peer,
  cameByProxy,
  clientAddressOf,
} from './client-address.ts'
import { CROSS_ORIGIN } from './cross-origin.ts'
import type { Answer, InterimWay, Target } from './exchange.ts'
import type { Lingering } from './lingering.ts'
import type { NodeRequest, NodeResponse } from './node-messages.ts'
import { type AnswerPhase, type RunningExchange, onlyReads } from './running-exchange.ts'
import { NO_TARGET, parseTarget } from './target.ts'

// Node.js writes the reason phrase of an interim answer from its own table, which lacks this one.
STATUS_CODES[104] ??= 'Upload Resumption Supported'

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

/** What the functions below work on; `ServedExchange` is the only one there is. */
interface State extends Arrival {
  readonly needs: ExchangeNeeds
  readonly contentLength: number | undefined
  readonly hasBody: boolean
  readonly adornment: OutgoingHttpHeaders | undefined
  requestBody: RequestBody | undefined
  phase: AnswerPhase
  status: number
  abort: AbortController | undefined
  /** Tells the write under way that the client is gone; writes follow one another. */
  failWrite: ((reason: Error) => void) | undefined
}

/**
 * A class, unlike the rest of the program: one is made per request, and an object literal with
 * its accessors and closures costs several times as much. What most requests never ask for is
 * made when it is first read.
 */
class ServedExchange implements RunningExchange, State {
  readonly request: NodeRequest
  readonly response: NodeResponse
  readonly peer: Peer
  readonly awaitsContinue: boolean
  readonly needs: ExchangeNeeds
  readonly method: string
  readonly target: Target
  readonly refusedTarget: Refusal | undefined
  readonly headers: IncomingHttpHeaders
  readonly contentLength: number | undefined
  readonly hasBody: boolean
  readonly startedAt: Instant
  seat = NOWHERE
  adornment: OutgoingHttpHeaders | undefined = undefined
  requestBody: RequestBody | undefined = undefined
  phase: AnswerPhase = 'none'
  status = 0
  abort: AbortController | undefined = undefined
  failWrite: ((reason: Error) => void) | undefined = undefined
  #id: string | undefined = undefined
  #client: ClientAddress | undefined = undefined

  constructor({ request, response, peer, awaitsContinue }: Arrival, needs: ExchangeNeeds) {
    const parsed = parseTarget(request.url ?? '', needs.prefix)
    this.request = request
    this.response = response
    this.peer = peer
    this.awaitsContinue = awaitsContinue
    this.needs = needs
    this.method = request.method ?? ''
    this.target = parsed instanceof Refusal ? NO_TARGET : parsed
    this.refusedTarget = parsed instanceof Refusal ? parsed : undefined
    this.headers = request.headers
    const length = this.headers['content-length']
    this.contentLength = length === undefined ? undefined : Number(length)
    this.hasBody = hasBody(request, this.contentLength)
    this.startedAt = needs.clock()
  }

  get id(): string {
    return (this.#id ??= randomId(9))
  }

  get client(): ClientAddress {
    const { clientAddress } = this.needs
    return (this.#client ??= clientAddressOf(this.peer, this.headers, clientAddress))
  }

  get body(): RequestBody {
    return bodyOf(this)
  }

  get socket(): Socket | undefined {
    return 'stream' in this.request ? undefined : this.request.socket
  }

  get isReceived(): boolean {
    return this.request.complete
  }

  get interimWay(): InterimWay {
    if (this.request.httpVersion === '1.0') return 'none'
    return cameByProxy(this.peer, this.headers, this.needs.clientAddress) ? 'proxied' : 'direct'
  }

  get signal(): AbortSignal {
    return signalOf(this)
  }

  adorn(headers: OutgoingHttpHeaders): void {
    this.adornment = { ...this.adornment, ...headers }
  }

  reply(answer: Answer): void {
    reply(this, answer)
  }

  inform(status: number, headers: OutgoingHttpHeaders): void {
    inform(this, status, headers)
  }

  begin(status: number, headers: OutgoingHttpHeaders): void {
    begin(this, status, headers)
  }

  async write(piece: Uint8Array, last: boolean): Promise<void> {
    await write(this, piece, last)
  }

  cut(): void {
    cut(this)
  }

  senderGone(): void {
    if (onlyReads(this.method)) cut(this)
  }

  closed(): { readonly status: number; readonly milliseconds: number } {
    return { status: closed(this), milliseconds: this.needs.clock() - this.startedAt }
  }
}

/** Makes the exchange of one request. */
export function nodeExchange(arrival: Arrival, needs: ExchangeNeeds): RunningExchange {
  return new ServedExchange(arrival, needs)
}

function hasBody(request: NodeRequest, contentLength: number | undefined): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders
  return request.headers['transfer-encoding'] !== undefined || (contentLength ?? 0) > 0
}

function bodyOf(state: State): RequestBody {
  state.requestBody ??= state.hasBody
    ? requestBody({
        request: state.request,
        contentLength: state.contentLength,
        watch: state.needs.watch,
        proceed: () => proceed(state),
        destroy: () => destroy(state),
      })
    : emptyBody(() => cut(state))
  return state.requestBody
}

/** Sends `100 Continue` if the client waits for it; behind earlier answers when their turn is over. */
function proceed(state: State): void {
  const { awaitsContinue, response } = state
  if (!awaitsContinue || state.phase !== 'none') return
  if (response.socket !== null) response.writeContinue()
  // Held back with the rest it would leave after the head of the final answer.
  else response.once('socket', () => proceed(state))
}

function signalOf(state: State): AbortSignal {
  state.abort ??= new AbortController()
  if (state.phase === 'gone') state.abort.abort()
  return state.abort.signal
}

function reply(state: State, answer: Answer): void {
  if (state.phase !== 'none') return
  const headers = { ...CROSS_ORIGIN, ...answer.headers, ...state.adornment }
  const length = lengthOf(answer)
  if (length !== undefined && state.request.method !== 'HEAD') headers['content-length'] ??= length
  sendHead(state, answer.status, headers)
  state.phase = 'ended'
  if ('stream' in state.response) state.response.stream.end(answer.body)
  else state.response.end(answer.body)
}

function inform(state: State, status: number, headers: OutgoingHttpHeaders): void {
  const { request, response } = state
  if (state.phase !== 'none' || response.destroyed) return
  if ('stream' in response) {
    if (!response.stream.closed)
      response.stream.additionalHeaders({ ':status': status, ...headers })
  } else if (request.httpVersion !== '1.0') response.writeInformation(status, headers)
}

function begin(state: State, status: number, headers: OutgoingHttpHeaders): void {
  if (state.phase !== 'none') return
  state.phase = 'begun'
  const { response } = state
  if (state.hasBody || 'stream' in response || state.needs.closing()) {
    sendHead(state, status, { ...CROSS_ORIGIN, ...headers })
    return
  }
  state.status = status
  response.writeHead(status, flatHead(headers))
}

/** Heads in the flat form that costs Node.js least; a popular file's is sent again and again. */
const flatHeads = new WeakMap<OutgoingHttpHeaders, OutgoingHttpHeader[]>()

function flatHead(headers: OutgoingHttpHeaders): OutgoingHttpHeader[] {
  const known = flatHeads.get(headers)
  if (known !== undefined) return known
  const entries = Object.entries({ ...CROSS_ORIGIN, ...headers })
  const flat = entries.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
  flatHeads.set(headers, flat)
  return flat
}

function sendHead(state: State, status: number, headers: OutgoingHttpHeaders): void {
  const { response } = state
  state.status = status
  const unread = state.hasBody && state.requestBody?.complete !== true
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
  state.requestBody?.abandon()
  const { stream } = response
  stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
  stream.resume()
}

function discardBody(state: State, response: ServerResponse): void {
  state.requestBody?.abandon()
  const { request } = state
  if (!request.socket.destroyed) state.needs.lingering.add(request.socket)
  response.once('finish', () => request.resume())
}

async function write(state: State, piece: Uint8Array, last: boolean): Promise<void> {
  if (state.phase !== 'begun') throw new Error('The answer is not open')
  if (last) state.phase = 'ended'
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  state.failWrite = reject
  const written = (error?: Error | null): void => {
    state.failWrite = undefined
    if (!error) return resolve()
    // The connection failed, which is told here before it closes.
    state.phase = 'gone'
    reject(error)
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
  state.requestBody?.abandon()
}

function destroy(state: State): void {
  if (state.phase !== 'ended') state.phase = 'gone'
  if ('stream' in state.request) state.request.stream.close(constants.NGHTTP2_CANCEL)
  else state.request.socket.destroy()
}

/** What to report as the status: 0 if the client did not get the whole answer. */
function closed(state: State): number {
  const whole = state.phase === 'ended' && isFlushed(state.response)
  if (whole) return state.status
  state.phase = 'gone'
  state.abort?.abort()
  state.failWrite?.(new Error('The client is gone'))
  return 0
}

function isFlushed(response: NodeResponse): boolean {
  return 'stream' in response ? response.stream.writableFinished : response.writableFinished
}
