import { once } from 'node:events'
import {
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as overTcp,
} from 'node:http'
import { Agent as TlsAgent, request as overTls } from 'node:https'
import type { LookupFunction } from 'node:net'
import { problemCode } from '../../client/problem-code.ts'
import { HEADER } from '../../wire/header-names.ts'
import { PROBLEM_TYPE } from '../../wire/problem.ts'
import { fixedLookup } from './addresses.ts'

type Fields = Readonly<Record<string, string>>

/** The head of a request. */
export interface Question {
  readonly method: string
  readonly url: string
  readonly headers?: Fields
  /** The address of the examined host to ask at; any of them if not told, or at another host. */
  readonly address?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Statuses of the interim answers (1xx) before it, in order. */
  readonly interim: readonly number[]
}

/** A request whose body is sent by hand; its connection is its own, and closed on disposal. */
export interface OpenRequest extends Disposable {
  /** Resolves when the bytes are with the system. */
  send(bytes: Uint8Array): Promise<void>
  /** The final answer, whenever it comes; rejects if the connection is lost. */
  readonly answer: Promise<Answer>
  /** 100 (Continue) came. */
  readonly continued: Promise<void>
}

/** Plain HTTP as any client speaks it, a connection for each request, nothing repeated or followed. */
export interface HttpClient {
  ask(question: Question & { readonly body?: Uint8Array }, signal: AbortSignal): Promise<Answer>
  /** Sends the head of a request with a body of `length` bytes. */
  open(question: Question & { readonly length: number }, signal: AbortSignal): OpenRequest
}

/** The connection ended in a way that Node.js has no error for. */
class ConnectionLost extends Error {
  readonly code = 'CONNECTION_LOST'
}

/** Larger bodies than any test file are somebody else's answer. */
const MOST_BODY = 8 * 1024 * 1024

/** The host that is examined. */
interface Host {
  /** As URLs have it. */
  readonly host: string
  /** Its addresses, if DNS is not to be asked. */
  readonly addresses: readonly string[] | undefined
}

/** A client that trusts whom the process trusts. */
export function httpClient(host: Host): HttpClient {
  const begun = (question: Question, headers: Fields, signal: AbortSignal): Begun =>
    beginning(question, { headers, signal, ...lookupFor(question, host) })
  return {
    async ask({ body, ...question }, signal) {
      const length = body === undefined ? {} : { 'Content-Length': String(body.length) }
      using request = opened(begun(question, { ...question.headers, ...length }, signal))
      request.finish(body)
      return await request.answer
    },
    open({ length, ...question }, signal) {
      const headers = { ...question.headers, 'Content-Length': String(length) }
      const begin = begun(question, headers, signal)
      begin.request.flushHeaders()
      return opened(begin)
    },
  }
}

/** A request whose head is made, and what makes its connection. */
interface Begun {
  readonly request: ClientRequest
  readonly agent: PlainAgent
}

/** Nothing where DNS is to be asked. */
function lookupFor(
  { url, address }: Question,
  { host, addresses }: Host,
): { readonly lookup?: LookupFunction } {
  const wanted = address === undefined ? addresses : [address]
  if (wanted === undefined || new URL(url).hostname !== host) return {}
  return { lookup: fixedLookup(wanted) }
}

/** How a request is made. */
interface Manner {
  readonly headers: Fields
  readonly signal: AbortSignal
  readonly lookup?: LookupFunction
}

/** Asks for a connection that is kept, as clients do: proxies reset others while a refused body comes. */
function beginning({ method, url }: Question, manner: Manner): Begun {
  const isSecure = url.startsWith('https:')
  const agent = isSecure ? new TlsAgent({ keepAlive: true }) : new PlainAgent({ keepAlive: true })
  const request = (isSecure ? overTls : overTcp)(url, { method, agent, ...manner })
  return { request, agent }
}

function opened({
  request,
  agent,
}: Begun): OpenRequest & { readonly finish: (body?: Uint8Array) => void } {
  const interim: number[] = []
  const continued = Promise.withResolvers<void>()
  request.on('information', ({ statusCode }) => interim.push(statusCode))
  request.on('continue', () => continued.resolve())
  const answer = answerOf(request, interim)
  // Whoever sends may never ask for the answer.
  answer.catch(() => {})
  return {
    answer,
    continued: continued.promise,
    finish: (body) => void (body === undefined ? request.end() : request.end(body)),
    async send(bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      request.write(bytes, (error) => (error ? reject(error) : resolve()))
      await promise
    },
    [Symbol.dispose]() {
      request.destroy()
      agent.destroy()
    },
  }
}

async function answerOf(request: ClientRequest, interim: readonly number[]): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  request.on('error', reject)
  request.once('close', () => reject(new ConnectionLost('it was closed without an answer')))
  const response = await promise
  const { statusCode = 0, headers } = response
  return { status: statusCode, headers, body: await bodyOf(response), interim }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  response.on('data', (piece: Buffer) => {
    size += piece.length
    if (size <= MOST_BODY) pieces.push(piece)
    else response.destroy(new ConnectionLost(`the answer has more than ${MOST_BODY} bytes`))
  })
  await once(response, 'end')
  return Buffer.concat(pieces)
}

/** `code` of the problem document (RFC 9457) that our server refuses with; nothing if it is none of ours. */
export function problemOf({ headers, body }: Answer): string | undefined {
  if (headers[HEADER.contentType]?.startsWith(PROBLEM_TYPE) !== true) return undefined
  return problemCode(body.toString()).problem
}

/** What a body says as JSON; nothing if it is none. */
export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined // Proxies answer in HTML.
  }
}

/** The value of a field, several of one name joined as Node.js joins them. */
export function field({ headers }: Answer, name: string): string {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : (value ?? '')
}

/** An answer in a few words: status, who gave it, our code. */
export function described(answer: Answer): string {
  const code = problemOf(answer)
  const server = field(answer, 'server')
  const by = server === '' ? '' : ` by ${server}`
  return `${answer.status}${code === undefined ? '' : ` ${code}`}${by}`
}
