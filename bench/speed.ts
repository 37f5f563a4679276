import path from 'node:path'
import {
  type Attempt,
  type Contest,
  type Contestant,
  contestantsFor,
  type Measured,
  measureLoad,
  measureQuietly,
  putLoad,
} from './contest.ts'
import { BenchFailure } from './failure.ts'
import type { Load, LoadReport } from './generator.ts'
import { emptyFiles, warmPageCache } from './work-folder.ts'
import { quickForm, WORKLOADS, type Workload } from './workloads.ts'

export interface SpeedOptions {
  readonly rounds: number
  /** Names from WORKLOADS. */
  readonly workloads: readonly string[]
  /** The servers have just had the same load, and get it without a warming up. */
  readonly isWarm?: boolean
  /** Told about every run as it ends. */
  readonly onRun?: (run: SpeedRun) => void
}

/** One run of one load against one server. */
export interface SpeedRun extends Measured, Attempt {
  readonly workload: string
  readonly server: string
  readonly round: number
  /** Bytes of one file, smaller than the workload's for a server that is very slow. */
  readonly size: number
}

/** A server that is slow has no more time than that to get warm. */
const WARM_UP_SECONDS = 15

/** A load, and where a server finds it: its slots for GET are made once, before the first round. */
interface Stage extends Contestant {
  readonly workload: Workload
  readonly size: number
  readonly readTargets: readonly string[]
}

/** Fails unless every answer was a success and brought or took all bytes. */
function assertComplete(report: LoadReport, stage: Pick<Stage, 'name' | 'size'>): void {
  const bytes = report.megabytesPerSecond * report.seconds * 1e6
  // A hundredth is for the rounding of the generator's figures, which tells in short runs.
  const complete = bytes * 1.01 >= report.ok * stage.size
  if (report.ok > 0 && complete) return
  const statuses = JSON.stringify(report.statuses)
  throw new BenchFailure(`${stage.name} did not do the work: statuses ${statuses}`)
}

async function prepareStage(
  workload: Workload,
  contestant: Contestant,
  { generator, options }: Contest,
): Promise<Stage> {
  const { name, peer } = contestant
  const size = Math.min(workload.size, peer.largestFile)
  if (workload.method === 'PUT') return { ...contestant, workload, size, readTargets: [] }
  const slots = await peer.slots(workload.files, size)
  const seeding = {
    mode: 'put' as const,
    port: peer.port,
    connections: 1,
    requests: slots.length,
    size,
    seconds: 600,
    targets: slots.map((slot) => slot.put),
  }
  const report = await generator.run(seeding, options.signal)
  assertComplete(report, { name, size })
  if (report.errors > 0) throw new BenchFailure(`${name} refused the files to be read back`)
  return { ...contestant, workload, size, readTargets: slots.map((slot) => slot.get) }
}

async function loadOf({ workload, peer, size, readTargets }: Stage): Promise<Load> {
  if (workload.method === 'PUT') return await putLoad(peer, { ...workload, size })
  return { ...workload, size, mode: 'get', port: peer.port, targets: readTargets }
}

/** Servers in use are warm: compilers have seen the code, caches the files. */
async function warmUp(stage: Stage, { generator, options }: Contest): Promise<void> {
  const { workload, peer } = stage
  const warming = { ...workload, requests: workload.warmUp, seconds: WARM_UP_SECONDS }
  const load = await loadOf({ ...stage, workload: warming })
  assertComplete(await generator.run(load, options.signal), stage)
  if (load.mode === 'put') await emptyFiles(peer.files)
}

async function runOnce(stage: Stage, { generator, work, options }: Contest): Promise<Measured> {
  const { workload, peer, size } = stage
  const writes = workload.method === 'PUT'
  if (writes) {
    // A tenth more than the load, for what the page cache needs besides.
    const bytes = Math.ceil(workload.requests * size * 1.1)
    warmPageCache(path.join(work.path, 'scratch'), bytes)
  }
  const load = await loadOf(stage)
  const run = async (): Promise<LoadReport> => await generator.run(load, options.signal)
  const measured = await measureLoad(peer, run)
  assertComplete(measured.report, stage)
  if (writes) await emptyFiles(peer.files)
  return measured
}

/** The same list, begun at another place in every round, so that no server is always first. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

async function runWorkload(
  workload: Workload,
  contest: Contest,
  { rounds, isWarm = false, onRun }: SpeedOptions,
): Promise<SpeedRun[]> {
  const stages: Stage[] = []
  for (const contestant of contestantsFor(contest, workload.name)) {
    const applies = workload.method === 'PUT' || contestant.peer.servesFiles
    if (applies) stages.push(await prepareStage(workload, contestant, contest))
  }
  for (const stage of isWarm ? [] : stages) await warmUp(stage, contest)
  const runs: SpeedRun[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const stage of rotated(stages, round)) {
      const named = { workload: workload.name, server: stage.name, size: stage.size, round }
      const attempts = await measureQuietly(
        async () => await runOnce(stage, contest),
        contest.options,
      )
      const made = attempts.map((attempt) => ({ ...named, ...attempt }))
      made.forEach((run) => onRun?.(run))
      runs.push(...made)
    }
  }
  return runs
}

/** The loads of a run, in the order of WORKLOADS: what is read is stored after all is written. */
export function chosenWorkloads(
  names: readonly string[],
  { quick }: Pick<Contest['options'], 'quick'>,
): Workload[] {
  const chosen = WORKLOADS.filter((workload) => names.includes(workload.name))
  return quick ? chosen.map(quickForm) : chosen
}

/**
 * Runs the chosen loads against the servers of a contest, in rounds. Fails if a server does not do the work.
 */
export async function measureSpeed(contest: Contest, options: SpeedOptions): Promise<SpeedRun[]> {
  const runs: SpeedRun[] = []
  for (const workload of chosenWorkloads(options.workloads, contest.options)) {
    runs.push(...(await runWorkload(workload, contest, options)))
  }
  return runs
}
