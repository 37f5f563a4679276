import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAddress } from '../../core/client-address.ts'
import type { Instant } from '../../core/clock.ts'
import { NOWHERE } from '../../core/passing-set.ts'
import { randomId } from '../../core/random.ts'
import { Refusal } from '../../core/refusals.ts'
import { dateField, fieldLines, lengthOf, statusLine } from '../answer-head.ts'
import { type RequestBody, emptyBody } from '../body-source.ts'
import { type Peer, cameByProxy, clientAddressOf } from '../client-address.ts'
import { CROSS_ORIGIN } from '../cross-origin.ts'
import type { Answer, InterimWay, Target } from '../exchange.ts'
import type { ExchangeNeeds } from '../node-exchange.ts'
import { type AnswerPhase, type RunningExchange, onlyReads } from '../running-exchange.ts'
import { NO_TARGET, parseTarget } from '../target.ts'
import { endingBytes, joined, lastingBytes } from './head-bytes.ts'
import { LaneBody } from './lane-body.ts'
import type { RequestHead } from './request-head.ts'

/** What an exchange needs of the connection it is on. */
export interface LaneLink {
  readonly socket: Socket
  readonly peer: Peer
  pause(): void
  resume(): void
  /** The answer is complete, or nobody is there to get it. To be called once. */
  ended(): void
  /** The connection is not used again: what still comes is discarded within bounds. */
  linger(): void
}

/** How long the connection is kept between requests, as the answers say. */
export interface LaneExchangeNeeds extends ExchangeNeeds {
  readonly keepAliveField: string
}

/** An exchange on a connection of the lane. A class, because one is made per request. */
export class LaneExchange implements RunningExchange {
  readonly method: string
  readonly target: Target
  readonly refusedTarget: Refusal | undefined
  readonly headers: IncomingHttpHeaders
  readonly contentLength: number | undefined
  readonly startedAt: Instant
  seat = NOWHERE
  /** Nothing that the client sends behind it is a request. */
  readonly closes: boolean
  phase: AnswerPhase = 'none'
  readonly #link: LaneLink
  readonly #needs: LaneExchangeNeeds
  readonly #awaitsContinue: boolean
  readonly #laneBody: LaneBody | undefined
  #emptyBody: RequestBody | undefined = undefined
  #status = 0
  #isWhole = false
  /** What is sent with the first piece. */
  #head: Buffer | undefined = undefined
  #id: string | undefined = undefined
  #client: ClientAddress | undefined = undefined
  #adornment: OutgoingHttpHeaders | undefined = undefined
  #abort: AbortController | undefined = undefined
  #failWrite: ((reason: Error) => void) | undefined = undefined

  constructor(head: RequestHead, link: LaneLink, needs: LaneExchangeNeeds) {
    const parsed = parseTarget(head.target, needs.prefix)
    this.method = head.method
    this.target = parsed instanceof Refusal ? NO_TARGET : parsed
    this.refusedTarget = parsed instanceof Refusal ? parsed : undefined
    this.headers = head.headers
    this.contentLength = head.contentLength
    this.startedAt = needs.clock()
    this.#awaitsContinue = head.awaitsContinue
    this.closes = head.closes
    this.#link = link
    this.#needs = needs
    this.#laneBody =
      head.contentLength === undefined || head.contentLength === 0
        ? undefined
        : new LaneBody(head.contentLength, needs.watch, this)
  }

  get id(): string {
    return (this.#id ??= randomId(9))
  }

  get client(): ClientAddress {
    const { clientAddress } = this.#needs
    return (this.#client ??= clientAddressOf(this.#link.peer, this.headers, clientAddress))
  }

  get body(): RequestBody {
    return this.#laneBody ?? (this.#emptyBody ??= emptyBody(() => this.cut()))
  }

  /** The body as the connection feeds it; nothing for a request without one. */
  get incoming(): LaneBody | undefined {
    return this.#laneBody
  }

  get socket(): Socket {
    return this.#link.socket
  }

  get isReceived(): boolean {
    return (this.#laneBody?.missing ?? 0) === 0
  }

  get interimWay(): InterimWay {
    const { clientAddress } = this.#needs
    return cameByProxy(this.#link.peer, this.headers, clientAddress) ? 'proxied' : 'direct'
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.phase === 'gone') this.#abort.abort()
    return this.#abort.signal
  }

  adorn(headers: OutgoingHttpHeaders): void {
    this.#adornment = { ...this.#adornment, ...headers }
  }

  reply(plain: Answer): void {
    if (this.phase !== 'none') return
    const answer = adorned(plain, this.#adornment)
    const isHead = this.method === 'HEAD'
    const length = lengthOf(answer)
    this.#status = answer.status
    const { socket } = this.#link
    const head = this.#headText(answerLines(answer, isHead ? undefined : length))
    const body = isHead ? undefined : answer.body
    this.phase = 'ended'
    if (body === undefined || length === undefined) socket.write(head, 'latin1')
    else writeBoth(socket, head, body)
    if (isTaken(socket)) void DONE.then(this.#sent)
    else socket.write(NOTHING, this.#sent)
    this.#afterLastByte()
  }

  inform(status: number, headers: OutgoingHttpHeaders): void {
    if (this.phase !== 'none' || this.socket.destroyed) return
    this.socket.write(`${statusLine(status)}${fieldLines(headers)}\r\n`, 'latin1')
  }

  begin(status: number, headers: OutgoingHttpHeaders): void {
    if (this.phase !== 'none') return
    this.phase = 'begun'
    this.#status = status
    this.#head = lastingBytes(status, headers)
  }

  write(piece: Uint8Array, last: boolean, headroom = 0): void | Promise<void> {
    if (this.phase !== 'begun') return Promise.reject(new Error('The answer is not open'))
    if (last) this.phase = 'ended'
    const { socket } = this.#link
    if (this.#head === undefined) socket.write(piece)
    else this.#writeFirst(this.#head, piece, headroom)
    if (last) this.#afterLastByte()
    if (!isTaken(socket)) return this.#written(last)
    if (last) void DONE.then(this.#sent)
    return undefined
  }

  #writeFirst(head: Buffer, piece: Uint8Array, headroom: number): void {
    const { socket } = this.#link
    this.#head = undefined
    const ending = endingBytes(this.#needs.clock(), this.#connectionField)
    if (head.length + ending.length <= headroom) socket.write(joined(head, ending, piece))
    else writeBoth(socket, Buffer.concat([head, ending]), piece)
  }

  /** Resolves when the operating system has taken what was written. */
  #written(last: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#failWrite = reject
    this.#link.socket.write(NOTHING, (error) => {
      this.#failWrite = undefined
      if (error) {
        // The connection failed, which is told here before it closes.
        this.phase = 'gone'
        reject(error)
        return
      }
      resolve()
      if (last) this.#sent()
    })
    return promise
  }

  cut(): void {
    this.destroy()
    this.#laneBody?.abandon()
  }

  /** Ends the connection; `closed` follows. */
  destroy(): void {
    if (this.phase !== 'ended') this.phase = 'gone'
    this.#link.socket.destroy()
  }

  /** Sends `100 Continue` if the client waits for it. */
  proceed(): void {
    if (!this.#awaitsContinue || this.phase !== 'none') return
    this.#link.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  pause(): void {
    this.#link.pause()
  }

  resume(): void {
    this.#link.resume()
  }

  senderGone(): void {
    this.#laneBody?.senderGone()
    if (onlyReads(this.method) || !this.isReceived) this.destroy()
  }

  closed(): { readonly status: number; readonly milliseconds: number } {
    const milliseconds = this.#needs.clock() - this.startedAt
    if (this.#isWhole) return { status: this.#status, milliseconds }
    this.phase = 'gone'
    this.#abort?.abort()
    this.#failWrite?.(new Error('The client is gone'))
    this.#laneBody?.senderGone()
    return { status: 0, milliseconds }
  }

  /** Whether the connection serves no further request after this one. */
  get isLast(): boolean {
    return this.closes || this.#isUnread || this.#needs.closing()
  }

  get #isUnread(): boolean {
    return this.#laneBody !== undefined && !this.#laneBody.complete
  }

  #headText(fields: string): string {
    const date = dateField(this.#needs.clock())
    return `${statusLine(this.#status)}${fields}${date}${this.#connectionField}\r\n`
  }

  get #connectionField(): string {
    return this.isLast ? 'Connection: close\r\n' : this.#needs.keepAliveField
  }

  readonly #sent = (error?: Error | null | void): void => {
    if (error) return
    this.#isWhole = true
    this.#link.ended()
  }

  #afterLastByte(): void {
    if (!this.#isUnread) return
    this.#laneBody?.abandon()
    this.#link.linger()
  }
}

/** For what is over already: nearly every write is. */
const DONE = Promise.resolve()

/** Written after something else to learn when that has left. */
const NOTHING = new Uint8Array(0)

/** Whether the operating system took everything written so far, as it mostly does at once. */
function isTaken(socket: Socket): boolean {
  return socket.writableLength === 0 && socket.writable
}

function writeBoth(socket: Socket, head: string | Buffer, body: string | Uint8Array): void {
  socket.cork()
  socket.write(head, 'latin1')
  socket.write(body)
  socket.uncork()
}

const CROSS_ORIGIN_LINES = fieldLines(CROSS_ORIGIN)

function adorned(answer: Answer, adornment: OutgoingHttpHeaders | undefined): Answer {
  if (adornment === undefined) return answer
  return { ...answer, headers: { ...answer.headers, ...adornment } }
}

/** The fields of a complete answer; `length` is added unless they say one. */
function answerLines({ headers = {} }: Answer, length: number | undefined): string {
  const own = fieldLines(headers)
  if (length === undefined || headers['content-length'] !== undefined) {
    return CROSS_ORIGIN_LINES + own
  }
  return `${CROSS_ORIGIN_LINES}${own}content-length: ${length}\r\n`
}
