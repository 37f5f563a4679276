import { readFileSync } from 'node:fs'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemStopwatch } from '../src/core/clock.ts'
import { randomId } from '../src/core/random.ts'
import { BenchFailure } from './failure.ts'
import { startOwnServer } from './peers/hmac-file-server.ts'
import { startTus } from './peers/tus.ts'
import { seededRandom } from './statistics.ts'
import { download } from './upload-client.ts'
import type { WorkFolder } from './work-folder.ts'

const SIZE = 2 ** 20
const OLD_NETWORK = '127.0.0.2'
const NEW_NETWORK = '127.0.0.3'
const LONGEST_SILENCE_MS = 20
const ROUND_LIMIT_MS = 60_000
type PeerName = 'hmac-file-server' | '@tus/server'

/** A server of tus, and how to name and read back an upload. */
interface TusPeer extends AsyncDisposable {
  readonly port: number
  /** Path and query to which an upload is POSTed. */
  readonly newUpload: () => string
  readonly content: (created: { upload: string; resource: string }) => Promise<Buffer>
}

type Starter = (folder: string, signal: AbortSignal) => Promise<TusPeer>

const PEERS: Readonly<Record<PeerName, Starter>> = {
  'hmac-file-server': ourServer,
  '@tus/server': tusServer,
}

async function ourServer(folder: string, signal: AbortSignal): Promise<TusPeer> {
  const own = await startOwnServer({ folder, signal }, { fsync: 'ack' })
  return {
    port: own.port,
    newUpload: () => own.sign(`${randomId(15)}/file.bin`, SIZE),
    content: async ({ upload }) => {
      const [slot = ''] = upload.split('?')
      return await download(new URL(`http://127.0.0.1:${own.port}${slot}`), signal)
    },
    [Symbol.asyncDispose]: async () => await own[Symbol.asyncDispose](),
  }
}

async function tusServer(folder: string, signal: AbortSignal): Promise<TusPeer> {
  const server = await startTus({ folder, signal })
  return {
    port: server.port,
    newUpload: () => '/files',
    content: async ({ resource }) => readFileSync(path.join(server.files, path.basename(resource))),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

/** A client in one network, with at most one connection. */
interface Client extends Disposable {
  readonly send: (method: string, target: string, fields: Fields) => ClientRequest
}

type Fields = Readonly<Record<string, string>>

function clientIn(network: string, port: number, signal: AbortSignal): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const route = { host: '127.0.0.1', port, localAddress: network, agent, signal, noDelay: true }
  return {
    send: (method, target, fields) => {
      const headers = { 'Tus-Resumable': '1.0.0', ...fields }
      return request({ ...route, method, path: target, headers })
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

async function answerTo(asked: ClientRequest, expected: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  asked.once('response', resolve).once('error', reject)
  const answer = await promise
  await answer.resume().toArray()
  const { statusCode } = answer
  if (statusCode === expected) return answer
  throw new BenchFailure(`${asked.method} was answered ${statusCode}, not ${expected}`)
}

function patch(
  client: Client,
  resource: string,
  at: { offset: number; length: number },
): ClientRequest {
  return client.send('PATCH', resource, {
    'Content-Type': 'application/offset+octet-stream',
    'Content-Length': String(at.length),
    'Upload-Offset': String(at.offset),
  })
}

interface Round {
  readonly peer: TusPeer
  readonly body: Buffer
  readonly random: () => number
  readonly signal: AbortSignal
}

interface RoundResult {
  readonly milliseconds: number
  readonly isIntact: boolean
}

async function runRound({ peer, body, random, signal }: Round): Promise<RoundResult> {
  using old = clientIn(OLD_NETWORK, peer.port, signal)
  using fresh = clientIn(NEW_NETWORK, peer.port, signal)
  const upload = peer.newUpload()
  const asked = old.send('POST', upload, { 'Upload-Length': String(SIZE), 'Content-Length': '0' })
  asked.end()
  const { location = '' } = (await answerTo(asked, 201)).headers
  const resource = new URL(location).pathname

  const vanished = patch(old, resource, { offset: 0, length: SIZE })
  vanished.on('error', () => {})
  const part = body.subarray(0, 1 + Math.floor(random() * (SIZE - 2)))
  const written = Promise.withResolvers<void>()
  vanished.write(part, () => written.resolve())
  await written.promise
  await delay(random() * LONGEST_SILENCE_MS, undefined, { signal })

  const startedAt = systemStopwatch()
  const question = fresh.send('HEAD', resource, {})
  question.end()
  const { headers } = await answerTo(question, 200)
  const offset = Number(headers['upload-offset'])
  const first = patch(fresh, resource, { offset, length: 1 })
  first.end(body.subarray(offset, offset + 1))
  await answerTo(first, 204)
  const milliseconds = systemStopwatch() - startedAt

  const rest = patch(fresh, resource, { offset: offset + 1, length: SIZE - offset - 1 })
  rest.end(body.subarray(offset + 1))
  await answerTo(rest, 204)
  return { milliseconds, isIntact: body.equals(await peer.content({ upload, resource })) }
}

export interface TusOptions {
  readonly rounds: number
  /** Decides where each upload stops, and how long it is silent. */
  readonly seed: number
  readonly work: WorkFolder
  readonly signal: AbortSignal
}

async function runRounds(
  name: PeerName,
  { rounds, seed, work, signal }: TusOptions,
): Promise<readonly RoundResult[]> {
  await using peer = await PEERS[name](work.folder(`tus-${path.basename(name)}`), signal)
  const random = seededRandom(seed)
  const results: RoundResult[] = []
  while (results.length < rounds) {
    const body = Buffer.from(Uint8Array.from({ length: SIZE }, () => random() * 256))
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ROUND_LIMIT_MS)])
    results.push(await runRound({ peer, body, random, signal: limited }))
  }
  return results
}

/** What became of clients that came back to one server. */
export interface TusResult {
  readonly name: PeerName
  readonly rounds: number
  /** Files that arrived byte for byte. */
  readonly intact: number
  /** From before the new connection until the server had taken a byte. */
  readonly milliseconds: readonly number[]
}

/**
 * Clients of tus that vanish in the middle of an upload with their socket open, and come back from
 * another address. Our server has synced the byte when it is acknowledged; the peer syncs nothing.
 */
export async function measureTus(name: PeerName, round: TusOptions): Promise<TusResult> {
  const results = await runRounds(name, round)
  return {
    name,
    rounds: results.length,
    intact: results.filter(({ isIntact }) => isIntact).length,
    milliseconds: results.map(({ milliseconds }) => milliseconds),
  }
}
