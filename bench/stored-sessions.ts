import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import { systemStopwatch } from '../src/core/clock.ts'
import { connectRedis } from '../src/stores/redis/connection.ts'
import { redisSessionStore } from '../src/stores/redis/session-store.ts'
import type { SessionStore } from '../src/sessions/ports.ts'
import { sqliteSessions } from '../src/stores/sqlite/session-store.ts'
import { openState } from '../src/stores/sqlite/state.ts'
import { BenchFailure } from './failure.ts'
import { programPath } from './packages.ts'
import { type OwnPeer, startOwnServer } from './peers/hmac-file-server.ts'
import { type Usage, startAccounting } from './process-accounting.ts'
import { freePort, startServer } from './server-process.ts'
import { storeSessions } from './sessions.ts'
import { median } from './statistics.ts'
import type { WorkFolder } from './work-folder.ts'

export type StoredBackend = 'sqlite' | 'redis'

export interface StoredOptions {
  /** Uploads to each server before anything is measured. */
  readonly warmUp: number
  /** Sessions that are stored with one of the servers. */
  readonly stored: number
  readonly rounds: number
  /** Uploads to each server in a round. */
  readonly requests: number
  readonly work: WorkFolder
  readonly signal: AbortSignal
}

/** What an upload cost one of the servers. */
export interface StoredCost {
  /** Sessions that were stored when it began. */
  readonly sessions: number
  /** Median time of an upload of each round, in milliseconds. */
  readonly milliseconds: readonly number[]
  /** CPU time of the server per upload, in milliseconds. */
  readonly cpu: number
}

/** Two servers without sessions, whose difference is the noise, and one with. */
export interface StoredResult {
  readonly backend: StoredBackend
  readonly costs: readonly StoredCost[]
}

const BODY = Buffer.alloc(4096, 'session')

/** Where a server keeps its sessions. */
interface Place extends AsyncDisposable {
  /** The server's options. */
  readonly set: readonly string[]
  readonly use: <Result>(asking: (store: SessionStore) => Promise<Result>) => Promise<Result>
}

type Opening = (folder: string, signal: AbortSignal) => Promise<Place>

const PLACES: Readonly<Record<StoredBackend, Opening>> = {
  sqlite: async (folder) => ({
    set: [],
    async use(asking) {
      using state = openState({ path: path.join(folder, 'state.db'), durability: 'normal' })
      return await asking(sqliteSessions(state))
    },
    async [Symbol.asyncDispose]() {},
  }),
  redis: async (folder, signal) => {
    const port = await freePort()
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
    const program = programPath('redis-server')
    const server = await startServer({ name: 'Redis', program, args, folder, port }, signal)
    const hosts = [{ host: '127.0.0.1', port }]
    const location = { kind: 'single', hosts, master: '', database: 0, tls: false } as const
    return {
      set: ['session_store.backend=redis', `session_store.redis_url=redis://127.0.0.1:${port}/0`],
      async use(asking) {
        await using connection = await connectRedis(location, { confirmed: false })
        // The name under which the server keeps its keys.
        return await asking(redisSessionStore(connection, 'hfs'))
      },
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    }
  },
}

/** A server with its sessions, and one connection to it. */
interface Subject {
  readonly sessions: number
  readonly place: Place
  readonly server: OwnPeer
  readonly agent: Agent
  readonly milliseconds: number[]
}

/**
 * The same small uploads, in turns, to two servers without sessions and to one with many: whether
 * stored sessions slow requests, and what differs anyway. Fails if sessions do not stay stored.
 */
export async function measureStored(
  backend: StoredBackend,
  options: StoredOptions,
): Promise<StoredResult> {
  await using opened = new AsyncDisposableStack()
  const subjects: Subject[] = []
  for (const [at, sessions] of [0, 0, options.stored].entries()) {
    const folder = options.work.folder(`stored-${backend}-${at}`)
    const place = opened.use(await PLACES[backend](folder, options.signal))
    subjects.push(await subjectIn(place, { sessions, folder, opened, signal: options.signal }))
  }
  for (let done = 0; done < options.warmUp; done += 1) {
    for (const subject of subjects) await timedUpload(subject, `warm/${done}.bin`)
  }
  const stops = subjects.map(({ server }) => startAccounting(server.pid))
  for (let round = 0; round < options.rounds; round += 1) {
    await measureRound(subjects, { round, requests: options.requests })
  }
  const usages = stops.map((stop) => stop())
  await assertStored(subjects)
  const uploads = options.rounds * options.requests
  return { backend, costs: subjects.map((one, at) => costOf(one, { usage: usages[at], uploads })) }
}

interface SubjectNeeds {
  readonly sessions: number
  readonly folder: string
  /** Closes the server and the connection. */
  readonly opened: AsyncDisposableStack
  readonly signal: AbortSignal
}

async function subjectIn(
  place: Place,
  { sessions, folder, opened, signal }: SubjectNeeds,
): Promise<Subject> {
  await place.use(async (store) => await storeSessions(store, sessions))
  const set = ['session_store.max_sessions=1000000', ...place.set]
  const server = opened.use(await startOwnServer({ folder, signal }, { fsync: 'never', set }))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  opened.defer(() => agent.destroy())
  return { sessions, place, server, agent, milliseconds: [] }
}

async function assertStored(subjects: readonly Subject[]): Promise<void> {
  for (const { sessions, place } of subjects) {
    const count = await place.use(async (store) => await store.count())
    if (count < sessions) throw new BenchFailure(`Of ${sessions} sessions, ${count} are left.`)
  }
}

/** Each upload goes to all servers, beginning with another one each time. */
async function measureRound(
  subjects: readonly Subject[],
  { round, requests }: { round: number; requests: number },
): Promise<void> {
  const times = subjects.map((): number[] => [])
  for (let done = 0; done < requests; done += 1) {
    for (let turn = 0; turn < subjects.length; turn += 1) {
      const at = (done + turn) % subjects.length
      const subject = subjects[at]
      if (subject === undefined) continue
      times[at]?.push(await timedUpload(subject, `round-${round}/${done}.bin`))
    }
  }
  for (const [at, { milliseconds }] of subjects.entries())
    milliseconds.push(median(times[at] ?? []))
}

function costOf(
  { sessions, milliseconds }: Subject,
  { usage, uploads }: { usage: Usage | undefined; uploads: number },
): StoredCost {
  return { sessions, milliseconds, cpu: ((usage?.cpuSeconds ?? 0) * 1000) / uploads }
}

/** Milliseconds from the beginning of an upload to its answer. */
async function timedUpload({ server, agent }: Subject, slot: string): Promise<number> {
  const start = systemStopwatch()
  const asked = request({
    host: '127.0.0.1',
    port: server.port,
    agent,
    method: 'PUT',
    path: server.sign(slot, BODY.length),
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': BODY.length },
  })
  asked.end(BODY)
  const [answer]: IncomingMessage[] = await once(asked, 'response')
  await answer?.resume().toArray()
  if (answer?.statusCode !== 201) {
    throw new BenchFailure(`An upload was answered ${answer?.statusCode}, not 201`)
  }
  return systemStopwatch() - start
}

/** The median upload of a server's rounds, in milliseconds. */
export function usualCost({ milliseconds }: StoredCost): number {
  return median(milliseconds)
}

/** A difference from the first server in percent of its usual cost, and the interval it is in at 95 % (by ranks). */
export interface Difference {
  readonly percent: number
  readonly low: number
  readonly high: number
}

/** How much longer a server's rounds took than another's, round by round. */
export function differenceOf(cost: StoredCost, base: StoredCost): Difference {
  const scale = 100 / usualCost(base)
  const pairs = cost.milliseconds.map((ms, round) => (ms - (base.milliseconds[round] ?? 0)) * scale)
  const sorted = pairs.toSorted((a, b) => a - b)
  const reach = 0.98 * Math.sqrt(sorted.length)
  const low = Math.max(0, Math.floor(sorted.length / 2 - reach))
  const high = Math.min(sorted.length, Math.ceil(sorted.length / 2 + reach)) - 1
  return { percent: median(pairs), low: sorted[low] ?? 0, high: sorted[high] ?? 0 }
}
