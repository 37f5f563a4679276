import { once } from 'node:events'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  createServer,
  request,
} from 'node:http'
import { buffer } from 'node:stream/consumers'

/** What a proxy does that it should not do; nothing: it passes on what it gets. */
export interface Wrongs {
  readonly path?: (path: string) => string
  /** Of the request that is passed on. */
  readonly asked?: (headers: IncomingHttpHeaders) => OutgoingHttpHeaders
  /** Of the answer that is passed on. */
  readonly answered?: (headers: IncomingHttpHeaders) => OutgoingHttpHeaders
  /** Answers with this status by itself. */
  readonly answers?: (request: IncomingMessage) => number | undefined
  /** Keeps these bodies back until they are complete. */
  readonly buffers?: (request: IncomingMessage) => boolean
  /** Takes no more bytes of a body than this, and learns only by counting that there are. */
  readonly most?: number
}

/** A proxy in front of a server, on a port of its own. */
export interface WrongProxy extends AsyncDisposable {
  readonly port: number
}

/** Starts a proxy; `upstream` tells the server's port when the first request comes. */
export async function startWrongProxy(
  upstream: () => number,
  wrongs: Wrongs,
  at: { readonly port: number; readonly host: string } = { port: 0, host: '127.0.0.1' },
): Promise<WrongProxy> {
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    pass(incoming, response, { port: upstream(), wrongs }).catch(() => {
      if (!response.writableEnded) response.destroy()
    })
  }
  const server = createServer({ keepAliveTimeout: 1000 }, handle)
  server.on('checkContinue', (incoming: IncomingMessage, response: ServerResponse) => {
    if (wrongs.answers?.(incoming) === undefined) response.writeContinue()
    handle(incoming, response)
  })
  await once(server.listen(at), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Not a TCP server')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  { port, wrongs }: { readonly port: number; readonly wrongs: Wrongs },
): Promise<void> {
  const status = wrongs.answers?.(incoming)
  if (status !== undefined) return refuse(response, status)
  const { expect: _expect, ...headers } = incoming.headers
  const {
    path = (same: string) => same,
    asked = (same) => same,
    answered = (same) => same,
    most = Infinity,
  } = wrongs
  const whole = wrongs.buffers?.(incoming) === true ? await buffer(incoming) : undefined
  const outgoing = request({
    port,
    host: '127.0.0.1',
    method: incoming.method,
    path: path(incoming.url ?? '/'),
    headers: asked(headers),
  })
  incoming.on('close', () => incoming.complete || outgoing.destroy())
  let size = 0
  incoming.on('data', ({ length }: Buffer) => {
    size += length
    if (size <= most || response.headersSent) return
    refuse(response, 413)
    incoming.unpipe(outgoing).resume()
    outgoing.destroy()
  })
  if (whole === undefined) incoming.pipe(outgoing)
  else outgoing.end(whole)
  const [answer] = await once(outgoing, 'response')
  response.writeHead(answer.statusCode, answered(answer.headers))
  answer.pipe(response)
  outgoing.on('error', () => response.destroy())
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { server: 'nginx/1.22.1', 'content-type': 'text/html' })
  response.end('<html>')
}
