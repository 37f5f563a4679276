import type { ClientRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { randomId } from '../src/core/random.ts'
import { fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import { auditLines } from './audit-lines.ts'
import { BenchFailure } from './failure.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { startOwnServer, type OwnPeer } from './peers/hmac-file-server.ts'
import { markdownTable } from './markdown-table.ts'
import { median, quantile, seededRandom } from './statistics.ts'
import { askToSend, download, openPut, sendBody } from './upload-client.ts'
import { openWorkFolder } from './work-folder.ts'

export interface TakeoverOptions {
  readonly rounds: number
  /** Bytes of a file. */
  readonly size: number
  /** Decides where each first upload stops and how long it has been silent. */
  readonly seed: number
  /** Processes of the server. */
  readonly workers: number
  readonly workFolder: string
  readonly signal: AbortSignal
}

/** What became of the rounds. */
export interface TakeoverResult {
  readonly rounds: number
  readonly size: number
  readonly seed: number
  /** Per round: first byte of the second request's head until it was asked for its body. */
  readonly milliseconds: readonly number[]
  readonly workers: number
  /** Those of the above in which the second request met another worker than the first. */
  readonly acrossWorkers: readonly number[]
  /** Second uploads that ended in 201 and read back byte for byte. */
  readonly intact: number
  /** First uploads that got an answer; they must be cut without one. */
  readonly olderAnswered: number
  /** First uploads whose connection the server closed. */
  readonly olderCut: number
}

/** The limits of this release, in milliseconds. */
const TAKEOVER_LIMITS = { median: 20, p99: 250 } as const

const OLD_NETWORK = '127.0.0.2'
const NEW_NETWORK = '127.0.0.3'
const LONGEST_SILENCE_MS = 20
/** No wait of a round is longer, far below the server's idle limit of ten minutes. */
const ROUND_LIMIT_MS = 30_000

interface Round {
  readonly server: OwnPeer
  readonly size: number
  readonly random: () => number
  readonly signal: AbortSignal
}

interface RoundResult {
  /** Fingerprint of the slot. */
  readonly slot: string
  readonly milliseconds: number
  readonly intact: boolean
  readonly olderAnswered: boolean
  readonly olderCut: boolean
}

/** A body that the seed repeats and that shares no bytes with another of the same seed. */
function seededBody(size: number, random: () => number): Buffer {
  const words = Uint32Array.from({ length: Math.ceil(size / 4) }, () => random() * 2 ** 32)
  return Buffer.from(words.buffer, 0, size)
}

/** An upload whose client has vanished: half sent, the socket open, nobody at the other end. */
interface VanishedUpload extends Disposable {
  readonly ended: Promise<'answered' | 'cut'>
}

function watch(sending: ClientRequest): VanishedUpload {
  const { promise, resolve } = Promise.withResolvers<'answered' | 'cut'>()
  sending.on('response', () => resolve('answered'))
  // Cut by the server: reset, or closed without an answer. Not an error of the benchmark's.
  sending.on('error', () => resolve('cut'))
  sending.on('close', () => resolve('cut'))
  return { ended: promise, [Symbol.dispose]: () => void sending.destroy() }
}

async function vanishMidway(url: string, round: Round): Promise<VanishedUpload> {
  const { server, size, random, signal } = round
  const sending = await openPut({ port: server.port, url, size, from: OLD_NETWORK, signal })
  await askToSend(sending)
  const upload = watch(sending)
  const part = seededBody(1 + Math.floor(random() * (size - 1)), random)
  const { promise, resolve } = Promise.withResolvers<void>()
  sending.write(part, () => resolve())
  await promise
  // So that the second request meets it now with bytes still in flight, now long at rest.
  await delay(random() * LONGEST_SILENCE_MS, undefined, { signal })
  return upload
}

async function runRound(round: Round): Promise<RoundResult> {
  const { server, size, random, signal } = round
  const slotPath = `${randomId(15)}/file.bin`
  const url = server.sign(slotPath, size)
  using older = await vanishMidway(url, round)
  const sending = await openPut({ port: server.port, url, size, from: NEW_NETWORK, signal })
  const startedAt = performance.now()
  await askToSend(sending)
  const milliseconds = performance.now() - startedAt
  const body = seededBody(size, random)
  const status = await sendBody(sending, body)
  const file = new URL(`http://127.0.0.1:${server.port}/${slotPath}`)
  const intact = status === 201 && body.equals(await download(file, signal))
  const end = await Promise.race([
    older.ended,
    delay(5000, 'open' as const, { ref: false, signal }),
  ])
  return {
    slot: fingerprintOf(parseSlotPath(slotPath)),
    milliseconds,
    intact,
    olderAnswered: end === 'answered',
    olderCut: end === 'cut',
  }
}

/**
 * A client vanishes in the middle of an upload and comes back from another address; how long until
 * the server takes its bytes. With `fsync = "ack"`, against our server only. Fails if a round does.
 */
export async function measureTakeover(options: TakeoverOptions): Promise<TakeoverResult> {
  const { rounds, size, seed, workers } = options
  await using work = await openWorkFolder(options.workFolder)
  const folder = work.folder('hmac-file-server')
  const results = await runRounds(folder, options)
  const elsewhere = await takenElsewhere(folder)
  const count = (holds: (result: RoundResult) => boolean): number => results.filter(holds).length
  return {
    rounds,
    size,
    seed,
    workers,
    milliseconds: timesOf(results),
    acrossWorkers: timesOf(results.filter(({ slot }) => elsewhere.has(slot))),
    intact: count((result) => result.intact),
    olderAnswered: count((result) => result.olderAnswered),
    olderCut: count((result) => result.olderCut),
  }
}

function timesOf(results: readonly RoundResult[]): number[] {
  return results.map(({ milliseconds }) => milliseconds)
}

async function runRounds(
  folder: string,
  { rounds, size, seed, workers, signal }: TakeoverOptions,
): Promise<readonly RoundResult[]> {
  const set = [`server.workers=${workers}`]
  await using server = await startOwnServer({ folder, signal }, { fsync: 'ack', set })
  const random = seededRandom(seed)
  const results: RoundResult[] = []
  for (let done = 0; done < rounds; done += 1) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ROUND_LIMIT_MS)])
    results.push(await runRound({ server, size, random, signal: limited }))
  }
  return results
}

/** The slots whose upload another process took over, by the audit trail. */
async function takenElsewhere(folder: string): Promise<ReadonlySet<string>> {
  const lines = await auditLines(folder)
  const taken = lines.filter(({ event, why }) => event === 'takeover' && why === 'elsewhere')
  return new Set(taken.map(({ slot }) => slot))
}

/** Whether every file was intact, every older upload cut, and the times are within the limits. */
export function takeoverHolds(result: TakeoverResult): boolean {
  const { milliseconds, acrossWorkers, workers, intact, rounds, olderCut } = result
  if (rounds === 0) throw new BenchFailure('No round was made.')
  if (workers > 1 && acrossWorkers.length === 0) {
    throw new BenchFailure('No round met another worker.')
  }
  const fast = [milliseconds, acrossWorkers].every(
    (times) =>
      median(times) <= TAKEOVER_LIMITS.median && quantile(times, 0.99) <= TAKEOVER_LIMITS.p99,
  )
  return fast && intact === rounds && olderCut === rounds
}

function timeRows(of: string, milliseconds: readonly number[]): string[][] {
  const { median: usual, p99 } = TAKEOVER_LIMITS
  return [
    [`median${of}`, median(milliseconds).toFixed(1), `≤ ${usual}`],
    [`p99${of}`, quantile(milliseconds, 0.99).toFixed(1), `≤ ${p99}`],
    [`longest${of}`, Math.max(...milliseconds).toFixed(1), ''],
  ]
}

/** The result as Markdown. */
export function takeoverMarkdown(result: TakeoverResult, machine: MachineFacts): string {
  const { milliseconds, acrossWorkers, workers, rounds } = result
  const across =
    workers === 1 ? [] : timeRows(`, ${acrossWorkers.length} rounds across workers`, acrossWorkers)
  const rows = [...timeRows('', milliseconds), ...across]
  const times = markdownTable(['', 'ms', 'to reach'], rows)
  return `# Takeover

${describeMachine(machine)}.

${rounds} rounds (seed ${result.seed}), \`fsync = "ack"\`, workers: ${workers}, files of ${result.size / 2 ** 20} MiB: an upload from
${OLD_NETWORK} stops somewhere and stays silent with its socket open; the same slot is sent again from ${NEW_NETWORK}.
Measured from the first byte of the second request's head to the \`100 Continue\` that asks for its body.
The server's idle limit is ten minutes, so no time-out ends the first upload.

${times}

Intact files: ${result.intact} of ${rounds}. First uploads cut without an answer: ${result.olderCut} of ${rounds}.
`
}
