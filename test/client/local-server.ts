import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'

/** A server at 127.0.0.1. */
export interface LocalServer extends AsyncDisposable {
  /** Ends in a slash. */
  readonly url: string
  /** Method and path of each request so far. */
  readonly requests: readonly string[]
  /** Connections that were made so far. */
  readonly connections: number
}

export async function localServer(listener: RequestListener): Promise<LocalServer> {
  const requests: string[] = []
  let connections = 0
  const server = createServer((asked, response) => {
    requests.push(`${asked.method} ${asked.url}`)
    listener(asked, response)
  })
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    requests,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await server[Symbol.asyncDispose]()
    },
  }
}
