import { statSync } from 'node:fs'
import path from 'node:path'
import { connectRedis, type RedisConnection } from '../src/stores/redis/connection.ts'
import { infoOf } from '../src/stores/redis/nodes.ts'
import { redisSessionStore } from '../src/stores/redis/session-store.ts'
import { redisSlotStore } from '../src/stores/redis/slot-store.ts'
import { sqliteSessions } from '../src/stores/sqlite/session-store.ts'
import { sqliteSlots } from '../src/stores/sqlite/slot-store.ts'
import { openState } from '../src/stores/sqlite/state.ts'
import type { SlotStore } from '../src/engine/ports.ts'
import type { SessionStore } from '../src/sessions/ports.ts'
import { BenchFailure } from './failure.ts'
import { sessionLike, slotLike, type Templates } from './growth-records.ts'
import type { Point } from './line-fit.ts'
import { programPath } from './packages.ts'
import { freePort, startServer } from './server-process.ts'

/** Records that are stored side by side. */
const AT_ONCE = 2048

/** What is stored many times. */
export type StoredKind = 'file' | 'spent' | 'unfinished' | 'unbound' | 'hmac' | 'dpop'

/** What a server keeps, in SQLite or Redis. */
export interface Storage {
  readonly slots: SlotStore
  readonly sessions: SessionStore
}

/** From which number of its kind up to which. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Stores copies of what a server wrote. */
export async function storeMany(
  { slots, sessions }: Storage,
  { kind, templates }: { readonly kind: StoredKind; readonly templates: Templates },
  { from, to }: Span,
): Promise<void> {
  for (let first = from; first < to; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to - first) }, (_, at) => first + at)
    if (kind === 'file' || kind === 'spent' || kind === 'unfinished') {
      const record = templates[kind]
      await Promise.all(numbers.map(async (at) => await slots.create(slotLike(record, at))))
    } else {
      const record = templates.sessions[kind]
      await sessions.save(numbers.map((at) => sessionLike(record, at)))
    }
  }
}

/** Lets `use` work with the state file; it is closed, and its log emptied into it, in the end. */
export async function withState<Result>(
  file: string,
  use: (storage: Storage) => Promise<Result>,
): Promise<Result> {
  using state = openState({ path: file, durability: 'normal' })
  return await use({ slots: sqliteSlots(state), sessions: sqliteSessions(state) })
}

/** Bytes of a state file with more and more of a kind, once its log is in it. */
export async function sqliteGrowth(
  stored: { readonly kind: StoredKind; readonly templates: Templates },
  counts: readonly number[],
  folder: string,
): Promise<readonly Point[]> {
  const file = path.join(folder, 'state.db')
  const points: Point[] = []
  let from = 0
  for (const objects of counts) {
    const span = { from, to: objects }
    await withState(file, async (storage) => await storeMany(storage, stored, span))
    points.push({ objects, value: statSync(file).size })
    from = objects
  }
  return points
}

/** Bytes that Redis uses with more and more of a kind. */
export async function redisGrowth(
  stored: { readonly kind: StoredKind; readonly templates: Templates },
  counts: readonly number[],
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<readonly Point[]> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const command = { name: 'Redis', program: programPath('redis-server'), args, folder, port }
  await using _server = await startServer(command, signal)
  const hosts = [{ host: '127.0.0.1', port }]
  const location = { kind: 'single', hosts, master: '', database: 0, tls: false } as const
  await using connection = await connectRedis(location, { confirmed: false })
  const slots = redisSlotStore(connection, 'hfs')
  const storage = { slots, sessions: redisSessionStore(connection, 'hfs') }
  const points: Point[] = []
  let from = 0
  for (const objects of counts) {
    await storeMany(storage, stored, { from, to: objects })
    points.push({ objects, value: await usedMemory(connection) })
    from = objects
  }
  return points
}

async function usedMemory(connection: RedisConnection): Promise<number> {
  const [node] = connection.nodes()
  if (node === undefined) throw new BenchFailure('Redis has no node.')
  return Number((await infoOf(node, 'memory')).get('used_memory'))
}
