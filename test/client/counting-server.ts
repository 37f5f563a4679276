import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** A server that takes a body of any length and keeps none of it. */
export interface CountingServer extends AsyncDisposable {
  readonly origin: string
  /** Bytes of bodies so far. */
  readonly received: () => number
}

export async function countingServer(): Promise<CountingServer> {
  let received = 0
  const server = createServer((asked, response) => {
    asked.on('data', (piece: Buffer) => (received += piece.length))
    asked.once('end', () => response.writeHead(201, { connection: 'close' }).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    origin: `http://127.0.0.1:${address.port}`,
    received: () => received,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}
