import { learntUsers, countedUsers, sessionsInMemory } from './growth-memory.ts'
import type { Templates } from './growth-records.ts'
import { type ServerAt, serverGrowth } from './growth-server.ts'
import { redisGrowth, sqliteGrowth, type StoredKind } from './growth-stores.ts'
import { type LineFit, fitLine, type Point } from './line-fit.ts'
import type { WorkFolder } from './work-folder.ts'

/** How many of everything there are, step by step. */
interface Scale {
  readonly files: readonly number[]
  readonly others: readonly number[]
  readonly inMemory: readonly number[]
  /** Files and parts that have bytes; what comes after is a record alone. */
  readonly withBytes: number
  readonly starts: number
  readonly requests: number
}

export const FULL: Scale = {
  files: [1_000, 10_000, 100_000, 1_000_000],
  others: [1_000, 10_000, 100_000],
  inMemory: [1_000, 4_000, 16_000],
  withBytes: 100_000,
  starts: 3,
  requests: 300,
}

export const QUICK: Scale = {
  files: [100, 1_000],
  others: [100, 1_000],
  inMemory: [100, 1_000],
  withBytes: 1_000,
  starts: 1,
  requests: 20,
}

/** Bytes with more and more of something, and the line through them. */
export interface Growth {
  readonly of: StoredKind | 'counted user' | 'learnt user'
  readonly place: 'sqlite' | 'redis' | 'disk' | 'memory'
  readonly points: readonly Point[]
  readonly line: LineFit
}

export interface GrowthResult {
  /** Bytes of the content of each file and part. */
  readonly bytes: readonly Growth[]
  readonly servers: readonly { readonly kind: StoredKind; readonly steps: readonly ServerAt[] }[]
  /** Files and parts that have bytes; what comes after is a record alone. */
  readonly withBytes: number
}

interface Running {
  readonly scale: Scale
  readonly templates: Templates
  readonly work: WorkFolder
  readonly signal: AbortSignal
}

/** Kept by a server that is asked meanwhile. */
const SERVED = ['file', 'unfinished', 'unbound', 'hmac'] as const
/** Too like others for a server to tell. */
const STORED = ['dpop', 'spent'] as const
const IN_REDIS = ['file', 'spent', 'unfinished', 'unbound', 'hmac', 'dpop'] as const

/** Measures what a session, an unfinished upload, a file and a user cost, with more and more of them. */
export async function measureGrowth(running: Running): Promise<GrowthResult> {
  const bytes = await memoryGrowths(running)
  const servers: GrowthResult['servers'][number][] = []
  for (const kind of SERVED) {
    const steps = await serversOf(kind, running)
    servers.push({ kind, steps })
    bytes.push(...diskGrowths(kind, steps))
  }
  bytes.push(...(await sqliteGrowths(running)), ...(await redisGrowths(running)))
  return { bytes, servers, withBytes: running.scale.withBytes }
}

/** First, while nothing else is in the heap. */
async function memoryGrowths({ scale, templates }: Running): Promise<Growth[]> {
  const place = 'memory'
  const { inMemory } = scale
  const growths = [
    grown({ of: 'counted user', place }, await countedUsers(inMemory)),
    grown({ of: 'learnt user', place }, await learntUsers(inMemory)),
  ]
  for (const kind of ['unbound', 'hmac', 'dpop'] as const) {
    const points = await sessionsInMemory(templates, kind, inMemory)
    growths.push(grown({ of: kind, place }, points))
  }
  return growths
}

async function serversOf(
  kind: StoredKind,
  { scale, templates, work, signal }: Running,
): Promise<readonly ServerAt[]> {
  console.log(`growth: ${kind}`)
  const counts = kind === 'file' ? scale.files : scale.others
  return await serverGrowth({
    ...scale,
    kind,
    templates,
    counts,
    folder: work.folder(kind),
    signal,
  })
}

function diskGrowths(of: StoredKind, steps: readonly ServerAt[]): Growth[] {
  const state = steps.map(({ objects, stateBytes }) => ({ objects, value: stateBytes }))
  const disk = steps.flatMap(({ objects, disk: used }) =>
    used === undefined ? [] : [{ objects, value: used.allocated }],
  )
  const sqlite = grown({ of, place: 'sqlite' }, state)
  return disk.length < 2 ? [sqlite] : [sqlite, grown({ of, place: 'disk' }, disk)]
}

async function sqliteGrowths({ scale, templates, work }: Running): Promise<Growth[]> {
  const growths: Growth[] = []
  for (const kind of STORED) {
    const points = await sqliteGrowth({ kind, templates }, scale.others, work.folder(kind))
    growths.push(grown({ of: kind, place: 'sqlite' }, points))
  }
  return growths
}

async function redisGrowths({ scale, templates, work, signal }: Running): Promise<Growth[]> {
  const growths: Growth[] = []
  for (const kind of IN_REDIS) {
    console.log(`growth: ${kind} in Redis`)
    const place = { folder: work.folder(`redis-${kind}`), signal }
    const points = await redisGrowth({ kind, templates }, scale.others, place)
    growths.push(grown({ of: kind, place: 'redis' }, points))
  }
  return growths
}

function grown(what: Pick<Growth, 'of' | 'place'>, points: readonly Point[]): Growth {
  return { ...what, points, line: fitLine(points) }
}
