import type { Socket } from 'node:net'
import { decimal } from '../core/decimal.ts'
import { Refusal } from '../core/refusals.ts'
import type { Peer } from './client-address.ts'
import type { HttpEvents } from './events.ts'
import type { Exchange, Handler } from './exchange.ts'
import { optionsAnswer } from './cross-origin.ts'
import { type ExchangeNeeds, nodeExchange } from './node-exchange.ts'
import type { NodeRequest, NodeResponse } from './node-messages.ts'
import { openExchanges } from './open-exchanges.ts'
import { refusalAnswer } from './refusal-response.ts'
import type { RunningExchange } from './running-exchange.ts'

/** What the client of a request expects before it sends the body (RFC 9110 §10.1.1). */
export type Expectation = 'none' | 'continue' | 'unknown'

/** Runs the handler for each request and sees that every one of them is answered. */
export interface Dispatcher {
  dispatch(messages: NodeMessages, expectation: Expectation): void
  /** Runs the handler for an exchange whose request needs no further look; to be `finished` when it is closed. */
  start(exchange: RunningExchange): void
  /** The exchange's answer is complete, or its client gone. */
  finish(exchange: RunningExchange): void
  /** Requests whose answer is not complete. */
  running(): readonly RunningExchange[]
  /** Those of the ordinary way that are on one connection of HTTP/1.1. */
  runningOn(socket: Socket): ReadonlySet<RunningExchange>
  /** Calls back when this one is finished: at once if it is, or if there is none. */
  after(exchange: RunningExchange | undefined, call: () => void): void
  readonly isClosing: boolean
  /** From now on new requests are refused and connections not kept. */
  close(): void
  /** Resolves when no request is running. */
  idle(signal: AbortSignal): Promise<void>
}

/** A request and its response, and whether they came over a UNIX socket. */
export interface NodeMessages {
  readonly request: NodeRequest
  readonly response: NodeResponse
  readonly unix: boolean
}

/** What a dispatcher is made of. */
export interface DispatcherNeeds extends Omit<ExchangeNeeds, 'closing'> {
  readonly handler: Handler
  /** Answers OPTIONS about the server as a whole. */
  readonly aboutServer?: Handler | undefined
  readonly events: HttpEvents
  /** A request came the ordinary way. */
  readonly taken: () => void
}

const UNIX_PEER: Peer = { kind: 'unix' }

export function dispatcher(needs: DispatcherNeeds): Dispatcher {
  const open = openExchanges((exchange) => needs.events.finished(exchange, exchange.closed()))
  let closing = false
  const exchangeNeeds: ExchangeNeeds = { ...needs, closing: () => closing }

  const begin = (exchange: RunningExchange, refused?: Refusal): void => {
    const refusal = closing ? new Refusal('shutting-down') : (exchange.refusedTarget ?? refused)
    if (refusal === undefined) run(exchange, needs)
    else refuse(exchange, refusal, needs.events)
  }

  const answerForServer = (exchange: RunningExchange): void =>
    run(exchange, { handler: needs.aboutServer ?? allMethods, events: needs.events })

  /** Begins a request of the ordinary way, unless its connection has ended with the answer before it. */
  const beginInTurn = (exchange: RunningExchange, asked: Asked): void => {
    // Refused as the server goes down, or closed with the connection.
    if (exchange.phase !== 'none') return
    if (isLingering(asked.request, needs) || exchange.socket?.writable === false) {
      open.forget(exchange)
      drop(asked.request)
    } else if (asksForServer(exchange, asked.request.url)) answerForServer(exchange)
    else begin(exchange, refusalOf(exchange, asked))
  }

  return {
    running: open.all,
    runningOn: open.on,
    after: open.after,
    get isClosing() {
      return closing
    },
    start: (exchange) => {
      open.add(exchange)
      if (asksForServer(exchange)) answerForServer(exchange)
      else begin(exchange)
    },
    finish: open.finish,
    dispatch: (messages, expectation) => {
      const { request } = messages
      const peer = peerOf(messages)
      // No peer: the client is gone already. A lingering connection gets no second answer.
      if (peer === undefined || isLingering(request, needs)) return drop(request)
      needs.taken()
      const arrival = { ...messages, peer, awaitsContinue: expectation === 'continue' }
      const exchange = nodeExchange(arrival, exchangeNeeds)
      watchClose(messages, () => open.finish(exchange))
      // RFC 9112 §9.3.2: requests that change something are processed one after another.
      open.after(open.queue(exchange), () => beginInTurn(exchange, { request, expectation }))
    },
    close: () => {
      closing = true
    },
    idle: open.idle,
  }
}

interface Asked {
  readonly request: NodeRequest
  readonly expectation: Expectation
}

/** `OPTIONS *` concerns the server as a whole (RFC 9110 §9.3.7); browsers want 200 wherever they ask. */
function asksForServer(exchange: RunningExchange, url?: string): boolean {
  if (exchange.method !== 'OPTIONS') return false
  return url === '*' || exchange.refusedTarget?.code === 'not-found'
}

/** Answers with a refusal, and reports it; an answer that was begun can only be cut. */
export function refuse(exchange: RunningExchange, refusal: Refusal, events: HttpEvents): void {
  events.refused(exchange, refusal)
  if (exchange.phase === 'none') exchange.reply(refusalAnswer(refusal, exchange.method))
  else if (exchange.phase === 'begun') exchange.cut()
}

function allMethods(exchange: Exchange): Promise<void> {
  exchange.reply(optionsAnswer())
  return Promise.resolve()
}

function run(
  exchange: RunningExchange,
  { handler, events }: Pick<DispatcherNeeds, 'handler' | 'events'>,
): void {
  let answered: Promise<void>
  try {
    answered = handler(exchange)
  } catch (error) {
    return thrown(exchange, error, events)
  }
  answered.then(
    () => checkAnswered(exchange, events),
    (error: unknown) => thrown(exchange, error, events),
  )
}

function checkAnswered(exchange: RunningExchange, events: HttpEvents): void {
  if (exchange.phase === 'ended' || exchange.phase === 'gone') return
  thrown(exchange, new Error('The handler ended without an answer'), events)
}

function thrown(exchange: RunningExchange, error: unknown, events: HttpEvents): void {
  if (error instanceof Refusal) {
    refuse(exchange, error, events)
    return
  }
  // What a handler stumbles over because its client left is no bug.
  if (exchange.phase === 'gone') return
  events.failed(exchange, error)
  if (exchange.phase === 'none') {
    exchange.reply(refusalAnswer(new Refusal('internal'), exchange.method))
  } else if (exchange.phase === 'begun') exchange.cut()
}

function refusalOf(
  exchange: RunningExchange,
  { request, expectation }: Asked,
): Refusal | undefined {
  if (expectation === 'unknown') return new Refusal('expectation-failed')
  if (exchange.method === 'CONNECT') return new Refusal('method-not-allowed')
  const repeated = repeatedField(request)
  if (repeated !== undefined) {
    return new Refusal('bad-request', { why: `several ${repeated} fields` })
  }
  const length = exchange.headers['content-length']
  if (length !== undefined && decimal(length) === undefined) {
    return new Refusal('bad-request', { why: 'unusable Content-Length' })
  }
  const coding = exchange.headers['transfer-encoding']
  // RFC 9112 §6.1: a coding that is not removed here would be stored as if it were the file.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return new Refusal('bad-request')
  return undefined
}

/** Node.js keeps the first of several; a proxy in front may have judged another one (RFC 9112 §3.2). */
const SINGULAR: ReadonlySet<string> = new Set(['authorization', 'host'])

function repeatedField({ rawHeaders }: NodeRequest): string | undefined {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!SINGULAR.has(name)) continue
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

function peerOf({ request, unix }: NodeMessages): Peer | undefined {
  if (unix) return UNIX_PEER
  const address = request.socket.remoteAddress
  return address === undefined ? undefined : { kind: 'ip', address }
}

function isLingering(request: NodeRequest, needs: DispatcherNeeds): boolean {
  return !('stream' in request) && needs.lingering.has(request.socket)
}

function drop(request: NodeRequest): void {
  if ('stream' in request) request.stream.close()
  else request.resume()
}

function watchClose({ response }: NodeMessages, closed: () => void): void {
  if ('stream' in response) {
    response.stream.once('close', closed)
    response.stream.on('error', ignore)
    return
  }
  response.once('close', closed)
  response.on('error', ignore)
}

/** A failed connection is told by `close`; the error itself says nothing more. */
function ignore(): void {}
