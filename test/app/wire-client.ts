import { once } from 'node:events'
import { type Socket, connect } from 'node:net'

/** What a request consists of; nothing is normalised on its way. */
export interface RawRequest {
  readonly method?: string
  /** Request target as it goes on the wire, in latin1. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Source address. */
  readonly from?: string
}

/** The request with these header fields, too. */
export function having<R extends RawRequest>(request: R, headers: RawRequest['headers']): R {
  return { ...request, headers: { ...request.headers, ...headers } }
}

/** An answer as it came. */
export interface Reply {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** `code` of a problem document. */
  readonly code: string | undefined
}

/** A connection whose two ends are used one by one. */
export interface Wire extends Disposable {
  readonly socket: Socket
  send(data: string | Uint8Array): void
  /** Resolves to everything received when the text is a part of it; rejects when the connection ended without it. */
  until(text: string): Promise<string>
  /** Everything received, once the server ended its side or the connection broke. */
  readonly ended: Promise<Buffer>
}

/** Where to connect to: a port of 127.0.0.1, or the path of a UNIX socket. */
export type Where = number | string

/** Opens a connection from an address of this machine. */
export async function dial(where: Where, from = '127.0.0.1'): Promise<Wire> {
  const host = from.includes(':') ? '::1' : '127.0.0.1'
  const socket =
    typeof where === 'string'
      ? connect({ path: where, allowHalfOpen: true })
      : connect({ port: where, host, localAddress: from, allowHalfOpen: true })
  await once(socket, 'connect')
  return wireOf(socket)
}

/** The connection over a connected socket. */
function wireOf(socket: Socket): Wire {
  const pieces: Buffer[] = []
  const { promise: ended, resolve } = Promise.withResolvers<Buffer>()
  const received = (): Buffer => Buffer.concat(pieces)
  const finish = (): void => resolve(received())
  socket.on('data', (piece: Buffer) => void pieces.push(piece))
  socket.on('end', finish).on('close', finish).on('error', finish)
  const more = async (): Promise<boolean> =>
    await Promise.race([once(socket, 'data').then(() => true), ended.then(() => false)])
  return {
    socket,
    ended,
    send: (data) => void socket.write(data, 'latin1'),
    until: async (text) => {
      while (!received().includes(text)) {
        if (!(await more())) throw new Error(`ended without ${text}: ${received().toString()}`)
      }
      return received().toString('latin1')
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** The head of a request, with the length of its body. */
export function headOf({ method = 'PUT', target, headers = {}, body }: RawRequest): string {
  const fields = { Host: 'files.example', ...lengthOf(body), ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function lengthOf(body: RawRequest['body']): Record<string, string> {
  return body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
}

/** Sends one request on a connection of its own, and reads the answer to its end. */
export async function ask(where: Where, request: RawRequest): Promise<Reply> {
  using wire = await dial(where, request.from)
  const headers = { Connection: 'close', ...request.headers }
  wire.send(headOf({ ...request, headers }))
  if (request.body !== undefined) wire.send(request.body)
  return replyIn(await wire.ended)
}

/** Of all final answers of one connection, none of them to HEAD; throws where there is anything else. */
export function statusesIn(received: Buffer): readonly number[] {
  const statuses: number[] = []
  for (let rest = received.toString('latin1'); rest !== '';) {
    const [head = '', status = '', fields = ''] =
      /^HTTP\/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n/u.exec(rest) ?? []
    if (head === '') throw new Error(`no answer begins with ${rest.slice(0, 60)}`)
    if (!status.startsWith('1')) statuses.push(Number(status))
    rest = rest.slice(head.length + bodyLengthIn(fields))
  }
  return statuses
}

/** Node.js itself answers with no more than the last chunk where there is no `Host`. */
function bodyLengthIn(fields: string): number {
  if (/^transfer-encoding: chunked/imu.test(fields)) return '0\r\n\r\n'.length
  return Number(/^content-length: (\d+)/imu.exec(fields)?.[1] ?? 0)
}

/** The last answer in what was received: interim ones (RFC 9110 §15.2) come before it. */
export function replyIn(received: Buffer): Reply {
  const [, status = '', more = ''] =
    /^HTTP\/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n/u.exec(received.toString('latin1')) ?? []
  const head = received.indexOf('\r\n\r\n') + 4
  if (status === '') throw new Error(`no answer: ${received.toString()}`)
  if (status.startsWith('1')) return replyIn(received.subarray(head))
  const fields = more.split('\r\n').filter(Boolean)
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
  const body = received.subarray(head)
  return { status: Number(status), headers, body, code: codeOf(headers, body) }
}

function codeOf(headers: Reply['headers'], body: Buffer): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return undefined
  const problem: unknown = JSON.parse(body.toString())
  const hasCode = typeof problem === 'object' && problem !== null && 'code' in problem
  return hasCode ? String(problem.code) : undefined
}
