import { once } from 'node:events'
import { get, request, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { BenchFailure } from './failure.ts'

/** A PUT whose body waits for `100 Continue` (RFC 9110 §10.1.1). */
export interface PutRequest {
  readonly port: number
  /** Path and query. */
  readonly url: string
  readonly size: number
  /** The address it comes from. */
  readonly from: string
  readonly signal: AbortSignal
}

/** Prepares a PUT on a connection that already stands; its head goes out with `flushHeaders`. */
export async function openPut(put: PutRequest): Promise<ClientRequest> {
  const { port, url, size, from, signal } = put
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
  await once(socket, 'connect', { signal })
  const sending = request({
    createConnection: () => socket,
    method: 'PUT',
    path: url,
    signal,
    headers: {
      Host: `127.0.0.1:${port}`,
      'Content-Type': 'application/octet-stream',
      'Content-Length': size,
      Expect: '100-continue',
    },
  })
  await once(sending, 'socket', { signal })
  return sending
}

/** Sends the head; resolves when the server asks for the body. Fails if it answers instead. */
export async function askToSend(sending: ClientRequest): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  sending.once('continue', resolve)
  sending.once('error', reject)
  sending.once('response', (answer) => {
    reject(new BenchFailure(`The server answered ${answer.statusCode} instead of 100`))
  })
  sending.flushHeaders()
  await promise
}

/** Sends the whole body; resolves to the answer's status. */
export async function sendBody(sending: ClientRequest, body: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  sending.once('error', reject)
  sending.once('response', (answer) => {
    answer.resume()
    resolve(answer.statusCode ?? 0)
  })
  sending.end(body)
  return await promise
}

async function answerOf(asking: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  asking.once('response', resolve)
  asking.once('error', reject)
  return await promise
}

/** Reads a file back; fails unless the answer is 200. */
export async function download(url: URL, signal: AbortSignal): Promise<Buffer> {
  const answer = await answerOf(get(url, { agent: false, signal }))
  const chunks = await answer.toArray()
  if (answer.statusCode !== 200) throw new BenchFailure(`GET was answered ${answer.statusCode}`)
  return Buffer.concat(chunks)
}
