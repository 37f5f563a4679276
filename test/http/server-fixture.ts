import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ListenAddress } from '../../src/core/listen-address.ts'
import type { Refusal } from '../../src/core/refusals.ts'
import { clientAddressPolicy } from '../../src/http/client-address.ts'
import type { HttpEvents } from '../../src/http/events.ts'
import type { Exchange, Handler } from '../../src/http/exchange.ts'
import { type Listeners, type ListenersOptions, startListeners } from '../../src/http/listeners.ts'

export const LOOPBACK: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 }

/** What the listeners told, in order. */
export interface Told extends HttpEvents {
  readonly statuses: number[]
  readonly refusals: Refusal[]
  readonly failures: unknown[]
  /** Resolves at the next call of the named event. */
  next(name: keyof HttpEvents): Promise<void>
}

export function recordedEvents(): Told {
  const waiting: { name: string; resolve: () => void }[] = []
  const wake = (name: string): void => {
    for (const waiter of waiting.splice(0)) {
      if (waiter.name === name) waiter.resolve()
      else waiting.push(waiter)
    }
  }
  const told: Told = {
    statuses: [],
    refusals: [],
    failures: [],
    finished: (_exchange, { status }) => {
      told.statuses.push(status)
      wake('finished')
    },
    refused: (_exchange, refusal) => {
      told.refusals.push(refusal)
      wake('refused')
    },
    failed: (_exchange, error) => {
      told.failures.push(error)
      wake('failed')
    },
    certificateReloaded: () => wake('certificateReloaded'),
    certificateRefused: () => wake('certificateRefused'),
    next: (name) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ name, resolve })
      return promise
    },
  }
  return told
}

export interface Running extends AsyncDisposable {
  readonly listeners: Listeners
  readonly told: Told
  readonly port: number
}

export async function serve(
  handler: Handler,
  options: Partial<ListenersOptions> = {},
): Promise<Running> {
  const told = recordedEvents()
  const listeners = await startListeners({
    listen: [LOOPBACK],
    handler,
    events: told,
    clientAddress: clientAddressPolicy({ source: 'peer', trustedProxies: [] }),
    publicUrl: new URL('http://localhost/'),
    clock: () => 0,
    ...options,
  })
  const [first] = listeners.addresses
  return {
    listeners,
    told,
    port: first?.kind === 'tcp' ? first.port : 0,
    [Symbol.asyncDispose]: async () => await listeners[Symbol.asyncDispose](),
  }
}

export async function collect(exchange: Exchange): Promise<{ text: string; ending: string }> {
  const pieces: Uint8Array[] = []
  const ending = await exchange.body.pump((batch) => {
    pieces.push(...batch.map((piece) => Uint8Array.from(piece)))
  })
  return { text: Buffer.concat(pieces).toString(), ending }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export async function replyTo(client: ClientRequest): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  client.once('response', resolve).once('error', reject)
  const response = await promise
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += String(piece)
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

export async function ask(
  port: number,
  path: string,
  { body, ...options }: RequestOptions & { body?: string } = {},
): Promise<Reply> {
  const client = request({ host: '127.0.0.1', port, path, agent: new Agent(), ...options })
  client.end(body)
  return await replyTo(client)
}

/** A raw connection that collects what it receives. */
export interface RawClient extends Disposable {
  readonly socket: Socket
  readonly received: () => string
  /** Resolves to everything received, once the server ended its side. */
  readonly ended: Promise<string>
  until(text: string): Promise<void>
}

export async function rawClient(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connect({ port, host, allowHalfOpen: true })
  await once(socket, 'connect')
  return wrapSocket(socket)
}

export function wrapSocket(socket: Socket): RawClient {
  let received = ''
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
  })
  socket.once('end', () => resolve(received))
  socket.once('close', () => resolve(received))
  socket.on('error', () => resolve(received))
  return {
    socket,
    received: () => received,
    ended: promise,
    until: async (text) => {
      while (!received.includes(text)) await once(socket, 'data')
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** Writes until the other side, which closed without a further word, lets it be noticed. */
export async function pokeUntilClosed(socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    socket.write('x')
    await new Promise(setImmediate)
  }
}

/** A folder that is removed with everything in it. */
export function scratchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hfs-http-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** Writes a fresh self-signed certificate for `commonName` into the folder. */
export function writeCertificate(
  folder: string,
  commonName = 'localhost',
): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-subj', `/CN=${commonName}`, '-days', '2']
  execFileSync(
    'openssl',
    ['req', '-x509', '-nodes', ...curve, ...subject, '-keyout', keyFile, '-out', certFile],
    { stdio: 'ignore' },
  )
  return { certFile, keyFile }
}
