import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { Duplex } from 'node:stream'

/** One request as `node:http` hands it over. */
export interface NodeRequestView {
  readonly message: IncomingMessage
  /** Whether another request may follow on the connection. */
  readonly isKept: boolean
  readonly expectation: 'none' | 'continue' | 'unknown'
}

/** What `node:http` makes of the bytes of one connection. */
export interface NodeView {
  readonly requests: readonly NodeRequestView[]
  /** The parser gave up, or refused. */
  readonly error: Error | undefined
}

/** Reads the bytes of a connection, which come in these pieces, up to the first error. */
export type NodeReader = (pieces: readonly Buffer[]) => NodeView

/**
 * The parser of Node.js behind a real `http.Server` with a connection in memory for each call. It reads as soon as a
 * connection tells of its data, so nothing is waited for; let the event loop turn now and then, which
 * is when connections are given up.
 */
export function nodeReader(): NodeReader {
  const server = createServer()
  let requests: NodeRequestView[] = []
  let error: Error | undefined
  const seen =
    (expectation: NodeRequestView['expectation']) =>
    (message: IncomingMessage, response: ServerResponse): void => {
      requests.push({ message, isKept: response.shouldKeepAlive, expectation })
    }
  server.on('request', seen('none'))
  server.on('checkContinue', seen('continue'))
  server.on('checkExpectation', seen('unknown'))
  server.on('connect', () => (error = new Error('a tunnel')))
  server.on('clientError', (reason) => (error = reason))
  return (pieces) => {
    requests = []
    error = undefined
    const connection = new Duplex({ read() {}, write: (_piece, _encoding, done) => done() })
    server.emit('connection', connection)
    for (const piece of pieces) if (error === undefined) connection.emit('data', piece)
    connection.destroy()
    return { requests, error }
  }
}
