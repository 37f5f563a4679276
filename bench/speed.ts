import path from 'node:path'
import { compileGenerator, type Generator, type LoadReport } from './generator.ts'
import { BenchFailure } from './failure.ts'
import { startOwnServer } from './peers/hmac-file-server.ts'
import { startNginx } from './peers/nginx.ts'
import type { PeerSurroundings, RunningPeer } from './peers/peer.ts'
import { startProsody } from './peers/prosody.ts'
import { startAccounting, type Usage } from './process-accounting.ts'
import { emptyFiles, openWorkFolder, warmPageCache, type WorkFolder } from './work-folder.ts'
import { quickForm, WORKLOADS, type Workload } from './workloads.ts'

/** The servers that can be compared, and how each starts. */
export const PEERS = {
  'hmac-file-server': async (around: PeerSurroundings): Promise<RunningPeer> =>
    await startOwnServer(around, { fsync: 'never' }),
  nginx: startNginx,
  prosody: startProsody,
} as const

export type PeerName = keyof typeof PEERS

export interface SpeedOptions {
  readonly rounds: number
  /** Names from WORKLOADS. */
  readonly workloads: readonly string[]
  readonly servers: readonly PeerName[]
  /** Small loads that only show that everything works. */
  readonly quick: boolean
  /** Foreign CPU, in percent of one core, above which a run is made again. */
  readonly noiseLimit: number
  /** Folder on the disk under test. */
  readonly workFolder: string
  readonly signal: AbortSignal
  /** Told about every run as it ends. */
  readonly onRun?: (run: SpeedRun) => void
}

/** One run of one load against one server. */
export interface SpeedRun {
  readonly workload: string
  readonly server: string
  readonly round: number
  readonly attempt: number
  /** Too much foreign CPU, so made again; not part of any figure. */
  readonly rejected: boolean
  /** Bytes of one file, smaller than the workload's for a server that is very slow. */
  readonly size: number
  readonly report: LoadReport
  readonly usage: Usage
  /** CPU of all that is neither server, generator nor kernel thread, in percent of one core. */
  readonly foreignPercent: number
}

const ATTEMPTS = 4

/** A server that is slow has no more time than that to get warm. */
const WARM_UP_SECONDS = 15

interface Bench {
  readonly generator: Generator
  readonly work: WorkFolder
  readonly options: SpeedOptions
}

/** A load, and where a server finds it: its slots for GET are made once, before the first round. */
interface Stage {
  readonly workload: Workload
  readonly size: number
  readonly peer: RunningPeer
  readonly readTargets: readonly string[]
}

/** Fails unless every answer was a success and brought or took all bytes. */
function assertComplete(report: LoadReport, stage: Pick<Stage, 'peer' | 'size'>): void {
  const bytes = report.megabytesPerSecond * report.seconds * 1e6
  // A hundredth is for the rounding of the generator's figures, which tells in short runs.
  const complete = bytes * 1.01 >= report.ok * stage.size
  if (report.ok > 0 && complete) return
  const statuses = JSON.stringify(report.statuses)
  throw new BenchFailure(`${stage.peer.name} did not do the work: statuses ${statuses}`)
}

async function prepareStage(workload: Workload, peer: RunningPeer, bench: Bench): Promise<Stage> {
  const size = Math.min(workload.size, peer.largestFile)
  if (workload.method === 'PUT') return { workload, size, peer, readTargets: [] }
  const slots = Array.from({ length: workload.files }, () => peer.slot(size))
  const seeding = {
    mode: 'put' as const,
    port: peer.port,
    connections: 1,
    requests: slots.length,
    size,
    seconds: 600,
    targets: slots.map((slot) => slot.put),
  }
  const report = await bench.generator.run(seeding, bench.options.signal)
  assertComplete(report, { peer, size })
  if (report.errors > 0) throw new BenchFailure(`${peer.name} refused the files to be read back`)
  return { workload, size, peer, readTargets: slots.map((slot) => slot.get) }
}

function targetsOf({ workload, peer, size, readTargets }: Stage): readonly string[] {
  if (workload.method === 'GET') return readTargets
  return Array.from({ length: workload.requests }, () => peer.slot(size).put)
}

/** Servers in use are warm: compilers have seen the code, caches the files. */
async function warmUp(stage: Stage, bench: Bench): Promise<void> {
  const { workload, peer, size } = stage
  const warming = { ...workload, requests: workload.warmUp, seconds: WARM_UP_SECONDS }
  const mode = workload.method === 'PUT' ? ('put' as const) : ('get' as const)
  const targets = targetsOf({ ...stage, workload: warming })
  const load = { ...warming, size, mode, port: peer.port, targets }
  assertComplete(await bench.generator.run(load, bench.options.signal), stage)
  if (mode === 'put') await emptyFiles(peer.files)
}

async function runOnce(stage: Stage, bench: Bench): Promise<Measured> {
  const { workload, peer, size } = stage
  const writes = workload.method === 'PUT'
  if (writes) {
    // A tenth more than the load, for what the page cache needs besides.
    const bytes = Math.ceil(workload.requests * size * 1.1)
    warmPageCache(path.join(bench.work.path, 'scratch'), bytes)
  }
  const load = { ...workload, size, mode: writes ? ('put' as const) : ('get' as const) }
  const targets = targetsOf(stage)
  const stop = startAccounting(peer.pid)
  const report = await bench.generator.run(
    { ...load, port: peer.port, targets },
    bench.options.signal,
  )
  const usage = stop()
  assertComplete(report, stage)
  if (writes) await emptyFiles(peer.files)
  const foreign = Math.max(0, usage.otherCpuSeconds - report.cpuSeconds)
  return { report, usage, foreignPercent: (100 * foreign) / usage.wallSeconds }
}

type Measured = Pick<SpeedRun, 'report' | 'usage' | 'foreignPercent'>

/** One accepted run, after as many as were too noisy. */
async function runQuietly(stage: Stage, round: number, bench: Bench): Promise<SpeedRun[]> {
  const runs: SpeedRun[] = []
  const { quick, noiseLimit } = bench.options
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const measured = await runOnce(stage, bench)
    const rejected = !quick && measured.foreignPercent > noiseLimit && attempt < ATTEMPTS
    const named = { workload: stage.workload.name, server: stage.peer.name, size: stage.size }
    const run = { ...named, round, attempt, rejected, ...measured }
    runs.push(run)
    bench.options.onRun?.(run)
    if (!rejected) return runs
  }
  return runs
}

/** The same list, begun at another place in every round, so that no server is always first. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

async function runWorkload(
  workload: Workload,
  peers: readonly RunningPeer[],
  bench: Bench,
): Promise<SpeedRun[]> {
  const stages: Stage[] = []
  for (const peer of peers) stages.push(await prepareStage(workload, peer, bench))
  for (const stage of stages) await warmUp(stage, bench)
  const runs: SpeedRun[] = []
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const stage of rotated(stages, round)) {
      runs.push(...(await runQuietly(stage, round, bench)))
    }
  }
  return runs
}

/** The loads of a run, in the order of WORKLOADS: what is read is stored after all is written. */
export function chosenWorkloads(options: Pick<SpeedOptions, 'workloads' | 'quick'>): Workload[] {
  const chosen = WORKLOADS.filter((workload) => options.workloads.includes(workload.name))
  return options.quick ? chosen.map(quickForm) : chosen
}

/**
 * Runs the chosen loads against the chosen servers, all of them up at once, in rounds; a server
 * without load sleeps. Fails if a server does not start or does not do the work.
 */
export async function measureSpeed(options: SpeedOptions): Promise<SpeedRun[]> {
  await using work = await openWorkFolder(options.workFolder)
  const generator = await compileGenerator(work.path)
  const bench = { generator, work, options }
  await using running = new AsyncDisposableStack()
  const peers: RunningPeer[] = []
  for (const name of options.servers) {
    const around = { folder: work.folder(name), signal: options.signal }
    peers.push(running.use(await PEERS[name](around)))
  }
  const runs: SpeedRun[] = []
  for (const workload of chosenWorkloads(options)) {
    runs.push(...(await runWorkload(workload, peers, bench)))
  }
  return runs
}
