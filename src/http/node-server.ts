import { type Server as HttpServer, type ServerOptions, createServer } from 'node:http'
import { type Http2SecureServer, type ServerHttp2Session, createSecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { errorCode } from '../core/error-code.ts'
import type { Dispatcher } from './dispatcher.ts'
import { type FastLane, fastLane } from './fast-lane/fast-lane.ts'
import type { LaneNeeds } from './fast-lane/lane-connection.ts'
import type { HttpLimits } from './limits.ts'
import type { Lingering } from './lingering.ts'
import type { ExchangeNeeds } from './node-exchange.ts'
import type { NodeRequest, NodeResponse } from './node-messages.ts'
import type { Certificate } from './tls-certificate.ts'

/** A server of Node.js that passes its requests to a dispatcher. */
export interface NodeServer {
  readonly server: HttpServer | Http2SecureServer
  /** Stops accepting and closes what is idle; the rest closes with its last answer. */
  close(): void
  /** Ends every connection. */
  destroy(): void
}

/** What a server is made of. */
export interface NodeServerNeeds {
  readonly dispatcher: Dispatcher
  readonly lingering: Lingering
  readonly limits: HttpLimits
  readonly certificate: Certificate | undefined
  /** Serves plain connections in the short way where that is possible; nothing: never. */
  readonly lane: LaneSetting | undefined
}

/** What a lane is laid with. */
export type LaneSetting = ExchangeNeeds & Pick<LaneNeeds, 'taken'>

const MAX_HEAD_BYTES = 16 * 1024
const KEEP_ALIVE_PROBE_DELAY = 15_000
/** Bytes a client may send ahead on one stream, and on one connection, of HTTP/2. */
const STREAM_WINDOW = 1024 * 1024
const SESSION_WINDOW = 4 * 1024 * 1024

/** Makes a server, not yet listening: plain HTTP/1.1, or with a certificate HTTP/2 and HTTP/1.1. */
export function nodeServer(needs: NodeServerNeeds): NodeServer {
  return needs.certificate === undefined
    ? plainServer(needs)
    : secureServer(needs, needs.certificate)
}

function plainServer(needs: NodeServerNeeds): NodeServer {
  const server = createServer(http1Options(needs.limits))
  Object.assign(server, HALF_OPEN)
  server.timeout = needs.limits.silence
  const sockets = new Set<Socket>()
  attach(server, needs)
  server.prependListener('connection', (socket: Socket) => {
    track(sockets, socket)
    answerWhoeverClosed(socket, needs)
  })
  const lane = needs.lane === undefined ? undefined : layLane(server, needs, needs.lane)
  return {
    server,
    close: () => {
      server.close()
      server.closeIdleConnections()
      lane?.close()
    },
    destroy: () => {
      destroyAll(sockets)
      lane?.destroy()
    },
  }
}

/** Puts the lane in front of the server: it accepts connections, and leaves to the server what it cannot serve. */
function layLane(server: HttpServer, needs: NodeServerNeeds, laneNeeds: LaneSetting): FastLane {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  const lane = fastLane(
    {
      ...laneNeeds,
      dispatcher: needs.dispatcher,
      ordinary: (socket) => {
        for (const listener of listeners) listener.call(server, socket)
      },
    },
    needs.limits,
  )
  let unix = false
  server.once('listening', () => {
    unix = isUnix(server)
  })
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress
    if (unix) lane.accept(socket, { kind: 'unix' })
    else if (address === undefined) socket.destroy()
    else lane.accept(socket, { kind: 'ip', address })
  })
  return lane
}

/** A UNIX socket has a path, or nothing at all if it was passed on by a service manager. */
function isUnix(server: HttpServer | Http2SecureServer): boolean {
  const address = server.address()
  return address === null || typeof address === 'string'
}

function secureServer(needs: NodeServerNeeds, certificate: Certificate): NodeServer {
  const http1 = http1Options(needs.limits)
  const server = createSecureServer({
    ...http1,
    ...certificate,
    allowHTTP1: true,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: needs.limits.headersTimeout,
    settings: { initialWindowSize: STREAM_WINDOW, maxHeaderListSize: MAX_HEAD_BYTES },
    http1Options: http1,
  })
  const { silence: timeout } = needs.limits
  Object.assign(server, http1Timeouts(needs.limits), HALF_OPEN, { timeout })
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') return
    socket.allowHalfOpen = true
    answerWhoeverClosed(socket, needs)
  })
  const sockets = trackSockets(server)
  const sessions = trackSessions(server, needs)
  attach(server, needs)
  return {
    server,
    close: () => {
      server.close()
      for (const session of sessions) session.close()
    },
    destroy: () => destroyAll(sockets),
  }
}

/** As `node:http` names it; not declared: who closes its side after a whole request is still answered. */
const HALF_OPEN = { httpAllowHalfOpen: true } as const

/** RFC 9112 §9.6: a client that closed its side may wait for the answer. One without a whole request does not. */
function answerWhoeverClosed(socket: Socket, { dispatcher }: NodeServerNeeds): void {
  socket.once('end', () => {
    for (const exchange of dispatcher.runningOn(socket)) exchange.senderGone()
  })
}

function http1Timeouts(limits: HttpLimits): ServerOptions {
  return {
    requestTimeout: 0,
    headersTimeout: limits.headersTimeout,
    keepAliveTimeout: limits.keepAlive,
  }
}

function http1Options(limits: HttpLimits): ServerOptions {
  return {
    ...http1Timeouts(limits),
    // How late headersTimeout may be.
    connectionsCheckingInterval: Math.min(5_000, limits.headersTimeout),
    maxHeaderSize: MAX_HEAD_BYTES,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_PROBE_DELAY,
    noDelay: true,
  }
}

function attach(server: HttpServer | Http2SecureServer, needs: NodeServerNeeds): void {
  const { dispatcher } = needs
  let unix = false
  server.once('listening', () => {
    unix = isUnix(server)
  })
  // One signature for the events of both servers, whose declared listeners differ.
  const emitter: NodeJS.EventEmitter = server
  emitter.on('request', (request: NodeRequest, response: NodeResponse) =>
    dispatcher.dispatch({ request, response, unix }, 'none'),
  )
  emitter.on('checkContinue', (request: NodeRequest, response: NodeResponse) =>
    dispatcher.dispatch({ request, response, unix }, 'continue'),
  )
  emitter.on('checkExpectation', (request: NodeRequest, response: NodeResponse) =>
    dispatcher.dispatch({ request, response, unix }, 'unknown'),
  )
  emitter.on('connect', (request: NodeRequest, other: Socket | NodeResponse) => {
    // HTTP/2 gives a request like any other; HTTP/1.1 the bare socket, without any listener of its own.
    if ('setHeader' in other) dispatcher.dispatch({ request, response: other, unix }, 'none')
    else refuseConnect(other)
  })
  emitter.on('clientError', (error: Error, socket: Socket) => refuseHead(error, socket, needs))
}

function refuseConnect(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.end(
    'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    () => socket.destroy(),
  )
}

const HEAD_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** Connections that cannot be read any further; they wait for the answers to what was read before. */
const unreadable = new WeakSet<Socket>()

/**
 * Answers what cannot be read as a request, in its turn; a body that cannot be read ends its exchange. What was
 * received whole before it is answered as if nothing had followed.
 */
function refuseHead(error: Error, socket: Socket, needs: NodeServerNeeds): void {
  const { dispatcher, lingering } = needs
  if (lingering.has(socket)) return
  const open = [...dispatcher.runningOn(socket)]
  const code = errorCode(error) ?? ''
  if (code === 'ECONNRESET' || !socket.writable) {
    open[0]?.cut()
    socket.destroy()
    return
  }
  if (unreadable.has(socket)) return
  unreadable.add(socket)
  const broken = open.find(({ isReceived }) => !isReceived)
  const whole = open.findLast((exchange) => exchange !== broken)
  dispatcher.after(whole, () => {
    // The last answer may have ended the connection.
    if (lingering.has(socket) || !socket.writable) return
    if (broken === undefined) endWith(HEAD_ERRORS[code] ?? '400 Bad Request', socket, needs)
    else broken.cut()
  })
}

function endWith(status: string, socket: Socket, { lingering }: NodeServerNeeds): void {
  lingering.add(socket)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function trackSockets(server: NodeJS.EventEmitter): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => track(sockets, socket))
  return sockets
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
}

function destroyAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy()
}

/** HTTP/2 connections: larger windows, and closed when nothing happened on them for long. */
function trackSessions(
  server: Http2SecureServer,
  { limits }: NodeServerNeeds,
): Set<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.setLocalWindowSize(SESSION_WINDOW)
    // Streams under way are let finish.
    session.setTimeout(limits.keepAlive, () => session.close())
    session.once('close', () => sessions.delete(session))
  })
  return sessions
}
