import { BASE, FLOOR, OURS } from './server-names.ts'
import type { SpeedRun } from './speed.ts'
import { median } from './statistics.ts'
import type { Verdict } from './verdict.ts'
import type { Workload } from './workloads.ts'

/** One server under one load, over all accepted rounds; medians unless said otherwise. */
export interface SpeedRow {
  readonly workload: string
  readonly server: string
  readonly runs: number
  /** Bytes of one file. */
  readonly size: number
  /** MB/s or requests per second, as the workload says. */
  readonly rate: number
  readonly lowest: number
  readonly highest: number
  /** Median of the ratios to nginx in the same round; nothing where nginx did not run. */
  readonly ratio: number | undefined
  readonly ratios: readonly number[]
  /** Median of the ratios to the fastest peer beside nginx in the same round; nothing where there is none. */
  readonly bestPeerRatio: number | undefined
  /** Median of the ratios to the least that Node.js does in the same round; nothing where that did not run. */
  readonly floorRatio: number | undefined
  readonly p50: number
  readonly p99: number
  readonly cpuSecondsPerGiB: number
  readonly cpuMicrosecondsPerRequest: number
  readonly peakRssMiB: number
  /** Requests, over all rounds, that got no success. */
  readonly errors: number
  readonly generatorPercent: number
  readonly foreignPercent: number
  readonly rejectedRuns: number
}

function rateOf(run: SpeedRun, workload: Workload): number {
  return workload.unit === 'MB/s' ? run.report.megabytesPerSecond : run.report.requestsPerSecond
}

function transferredGiB(run: SpeedRun): number {
  return (run.report.megabytesPerSecond * run.report.seconds * 1e6) / 2 ** 30
}

/** The ratios of `runs` to another server's run of the same round. */
function pairedRatios(
  runs: readonly SpeedRun[],
  base: readonly SpeedRun[],
  workload: Workload,
): number[] {
  const baseRates = new Map(base.map((run) => [run.round, rateOf(run, workload)]))
  return runs.flatMap((run) => {
    const baseRate = baseRates.get(run.round)
    return baseRate === undefined || baseRate === 0 ? [] : [rateOf(run, workload) / baseRate]
  })
}

/** Accepted runs of one load, and what they are compared with. */
interface Comparison {
  readonly workload: Workload
  readonly all: readonly SpeedRun[]
  readonly base: readonly SpeedRun[]
  readonly bestPeer: readonly SpeedRun[]
  readonly floor: readonly SpeedRun[]
}

/** Whether a server is one of those whose fastest ours is compared to. */
function isPeer(server: string): boolean {
  return server !== BASE && server !== FLOOR && !server.startsWith(OURS)
}

function comparisonOf(all: readonly SpeedRun[], workload: Workload): Comparison {
  const accepted = all.filter((run) => !run.rejected)
  const runsOf = (server: string): SpeedRun[] => accepted.filter((run) => run.server === server)
  const middle = (server: string): number =>
    median(runsOf(server).map((run) => rateOf(run, workload)))
  const servers = new Set(accepted.map((run) => run.server))
  const peers = [...servers].filter(isPeer)
  const [best = ''] = peers.toSorted((a, b) => middle(b) - middle(a))
  return { workload, all, base: runsOf(BASE), bestPeer: runsOf(best), floor: runsOf(FLOOR) }
}

function medianOrNothing(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : median(values)
}

function summarizeServer(comparison: Comparison, server: string): SpeedRow {
  const { all, workload, base, bestPeer, floor } = comparison
  const own = all.filter((run) => run.server === server)
  const runs = own.filter((run) => !run.rejected)
  const rates = runs.map((run) => rateOf(run, workload))
  const ratios = pairedRatios(runs, base, workload)
  const middle = (value: (run: SpeedRun) => number): number => median(runs.map(value))
  return {
    workload: workload.name,
    server,
    runs: runs.length,
    size: runs[0]?.size ?? 0,
    rate: median(rates),
    lowest: Math.min(...rates),
    highest: Math.max(...rates),
    ratio: medianOrNothing(ratios),
    ratios,
    bestPeerRatio: medianOrNothing(pairedRatios(runs, bestPeer, workload)),
    floorRatio: medianOrNothing(pairedRatios(runs, floor, workload)),
    p50: middle((run) => run.report.p50),
    p99: middle((run) => run.report.p99),
    cpuSecondsPerGiB: middle((run) => run.usage.cpuSeconds / transferredGiB(run)),
    cpuMicrosecondsPerRequest: middle((run) => (run.usage.cpuSeconds / run.report.ok) * 1e6),
    peakRssMiB: middle((run) => run.usage.peakRssMiB),
    errors: runs.reduce((sum, run) => sum + run.report.errors, 0),
    generatorPercent: middle((run) => (100 * run.report.cpuSeconds) / run.report.seconds),
    foreignPercent: middle((run) => run.foreignPercent),
    rejectedRuns: own.length - runs.length,
  }
}

/** One row per workload and server, in the order of the workloads and of the servers' first runs. */
export function summarize(runs: readonly SpeedRun[], workloads: readonly Workload[]): SpeedRow[] {
  return workloads.flatMap((workload) => {
    const ofThis = runs.filter((run) => run.workload === workload.name)
    const servers = new Set(ofThis.map((run) => run.server))
    const comparison = comparisonOf(ofThis, workload)
    return [...servers].map((server) => summarizeServer(comparison, server))
  })
}

/** How our server did against the demands; only those whose workload ran beside who they name. */
export function judge(rows: readonly SpeedRow[], workloads: readonly Workload[]): Verdict[] {
  return workloads.flatMap(({ name, demands }) =>
    demands.flatMap(({ of, against, ratio }) => {
      const row = rows.find((each) => each.workload === name && each.server === of)
      const measured = against === 'nginx' ? row?.ratio : row?.bestPeerRatio
      if (measured === undefined) return []
      const met = measured >= ratio && row?.errors === 0
      const demand = `${of}: ≥ ${ratio.toFixed(2)} × ${against}`
      return [{ workload: name, demand, measured: measured.toFixed(2), met }]
    }),
  )
}
