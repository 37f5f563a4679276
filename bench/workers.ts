import { openContest, type ContestOptions, type PeerStarter } from './contest.ts'
import { describeMachine, GENERATOR_CORE, type MachineFacts, SERVER_CORE } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { startOwnServer } from './peers/hmac-file-server.ts'
import { startNginx } from './peers/nginx.ts'
import { chosenWorkloads, measureSpeed, type SpeedOptions, type SpeedRun } from './speed.ts'
import { BASE, OURS } from './server-names.ts'
import { type SpeedRow, summarize } from './speed-summary.ts'
import { median } from './statistics.ts'

const LOAD = 'W2'
const COUNTS = [1, 2]

type WorkersOptions = Pick<ContestOptions, 'quick' | 'noiseLimit' | 'workFolder' | 'signal'> &
  Pick<SpeedOptions, 'rounds' | 'onRun'>

export interface WorkersResult {
  readonly rows: readonly SpeedRow[]
  readonly runs: readonly SpeedRun[]
}

function named(server: string, count: number): string {
  return count === 1 ? server : `${server}, ${count} workers`
}

function starters(count: number): [string, PeerStarter][] {
  const set = [`server.workers=${count}`]
  return [
    [named(OURS, count), async (around) => await startOwnServer(around, { fsync: 'never', set })],
    [named(BASE, count), async (around) => await startNginx(around, { workers: count })],
  ]
}

/** Small uploads to servers of one and of two processes, all of which may use two cores; the generator sits on one of them. */
export async function measureWorkers(options: WorkersOptions): Promise<WorkersResult> {
  const servers = Object.fromEntries(COUNTS.flatMap(starters))
  const cores = `${SERVER_CORE},${GENERATOR_CORE}`
  await using contest = await openContest({ ...options, servers, cores })
  const runs = await measureSpeed(contest, { ...options, workloads: [LOAD] })
  return { rows: summarize(runs, chosenWorkloads([LOAD], options)), runs }
}

/** The median of one server's rates divided by another's in the same round. */
function ratioOf(runs: readonly SpeedRun[], server: string, other: string): number {
  const accepted = runs.filter((run) => !run.rejected)
  const rates = new Map(
    accepted
      .filter((run) => run.server === other)
      .map(({ round, report }) => [round, report.requestsPerSecond]),
  )
  const ratios = accepted
    .filter((run) => run.server === server)
    .map(({ round, report }) => report.requestsPerSecond / (rates.get(round) ?? Infinity))
  return median(ratios)
}

/** The result as Markdown. */
export function workersMarkdown({ rows, runs }: WorkersResult, machine: MachineFacts): string {
  const table = markdownTable(
    ['server', 'median', 'min–max', 'p99 ms', 'CPU', 'peak RSS MiB'],
    rows.map((row) => [
      row.server,
      `${row.rate.toFixed(0)} req/s`,
      `${row.lowest.toFixed(0)}–${row.highest.toFixed(0)}`,
      row.p99.toFixed(1),
      `${row.cpuMicrosecondsPerRequest.toFixed(0)} µs/req`,
      row.peakRssMiB.toFixed(0),
    ]),
  )
  const ratios = markdownTable(
    ['', '× nginx with as many', '× itself with one'],
    COUNTS.map((count) => [
      named(OURS, count),
      ratioOf(runs, named(OURS, count), named(BASE, count)).toFixed(2),
      ratioOf(runs, named(OURS, count), named(OURS, 1)).toFixed(2),
    ]),
  )
  return `# Workers

${describeMachine(machine)}.

${LOAD}: PUT 64 KiB, 64 connections. Servers may use two cores; the load generator sits on one of them, so what a second worker brings is shown too small.

${table}

${ratios}
`
}
