import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, createServer, request } from 'node:http'
import { Transform, pipeline } from 'node:stream'

/** A reverse proxy that says of all its clients that they come from one address. */
export interface TravellingProxy extends AsyncDisposable {
  readonly port: number
  /** Once so many more bytes of bodies have come, every connection is cut and the clients come from `address`. */
  travelAfter(bytes: number, address: string): void
  /** Bytes of bodies so far. */
  passed(): number
}

/** Starts the proxy; it asks for the server's port with each request. */
export async function travellingProxy(
  upstream: () => number,
  home: string,
): Promise<TravellingProxy> {
  let address = home
  let passed = 0
  let journey = { at: Infinity, address }

  function counted(): Transform {
    return new Transform({
      transform(piece: Buffer, _encoding, done) {
        passed += piece.length
        done(null, piece)
        if (passed >= journey.at) arrive()
      },
    })
  }

  function arrive(): void {
    ;({ address } = journey)
    journey = { at: Infinity, address }
    proxy.closeAllConnections()
  }

  function onward({ method, url, headers }: IncomingMessage): ClientRequest {
    const place = { host: '127.0.0.1', port: upstream(), path: url, method }
    return request({ ...place, headers: { ...headers, 'x-forwarded-for': address } })
  }

  const proxy = createServer((asked, response) => {
    const forwarded = onward(asked)
    forwarded.on('error', () => response.destroy())
    forwarded.on('response', (answer) => {
      // Its client was gone before the answer came.
      if (response.destroyed) return void answer.destroy()
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      pipeline(answer, response, () => {})
    })
    pipeline(asked, counted(), forwarded, () => {})
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const at = proxy.address()
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
    travelAfter(bytes, to) {
      journey = { at: passed + bytes, address: to }
    },
    passed: () => passed,
    async [Symbol.asyncDispose]() {
      proxy.close()
      proxy.closeAllConnections()
      await once(proxy, 'close')
    },
  }
}
