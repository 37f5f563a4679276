import {
  type Attempt,
  type Contest,
  type Contestant,
  contestantsFor,
  type Measured,
  measureLoad,
} from './contest.ts'
import { measureQuietly, putLoad } from './contest.ts'
import type { LoadReport } from './generator.ts'
import { markdownTable } from './markdown-table.ts'
import { residentMiB } from './process-accounting.ts'
import { OURS } from './server-names.ts'
import type { Verdict } from './verdict.ts'
import { emptyFiles } from './work-folder.ts'

const MIB = 2 ** 20
const LONGEST_LAG_MS = 2
const LARGEST_RSS_MIB = 150
const WARM_UP = { connections: 1, requests: 200, size: 64 * 1024, seconds: 15 }

export const TRICKLE = { name: 'W6', title: '1000 slow uploads at once' } as const

/** One run of slow uploads against one server; its times run from an upload's last byte to the answer. */
export interface TrickleRun extends Measured, Attempt {
  readonly server: string
  readonly uploads: number
  /** How long each upload takes. */
  readonly seconds: number
  /** Before the uploads, after some fast ones have warmed the server up. */
  readonly restingRssMiB: number
}

async function runOnce({ peer }: Contestant, contest: Contest): Promise<Measured> {
  const { generator, options } = contest
  const { uploads, seconds } = amountsFor(options)
  const load = await putLoad(peer, { connections: uploads, requests: uploads, size: MIB, seconds })
  const run = async (): Promise<LoadReport> =>
    await generator.run({ ...load, mode: 'slow' }, options.signal)
  const measured = await measureLoad(peer, run)
  await emptyFiles(peer.files)
  return measured
}

function amountsFor({ quick }: Contest['options']): Pick<TrickleRun, 'uploads' | 'seconds'> {
  return quick ? { uploads: 50, seconds: 2 } : { uploads: 1000, seconds: 20 }
}

/**
 * Many uploads at once, each sent in steps of 100 ms, to every server of a contest: once, or until a run was quiet.
 * What does not succeed is counted.
 */
export async function measureTrickles(contest: Contest): Promise<TrickleRun[]> {
  const { generator, options } = contest
  const runs: TrickleRun[] = []
  for (const contestant of contestantsFor(contest, TRICKLE.name)) {
    await generator.run(await putLoad(contestant.peer, WARM_UP), options.signal)
    const restingRssMiB = residentMiB(contestant.peer.pid)
    const measure = async (): Promise<Measured> => await runOnce(contestant, contest)
    const named = { server: contestant.name, ...amountsFor(options), restingRssMiB }
    const attempts = await measureQuietly(measure, options)
    runs.push(...attempts.map((attempt) => ({ ...named, ...attempt })))
  }
  return runs
}

/** What a connection takes of the memory, in KiB. */
function growthKiB({ restingRssMiB, usage, uploads }: TrickleRun): number {
  return (Math.max(0, usage.peakRssMiB - restingRssMiB) * 1024) / uploads
}

function cellsOf(run: TrickleRun): string[] {
  const { server, uploads, report, usage, foreignPercent, restingRssMiB } = run
  return [
    server,
    `${report.ok} of ${uploads}`,
    ...[report.p50, report.p99, report.max].map((ms) => ms.toFixed(1)),
    `${usage.cpuSeconds.toFixed(1)} s`,
    restingRssMiB.toFixed(0),
    usage.peakRssMiB.toFixed(0),
    growthKiB(run).toFixed(1),
    foreignPercent.toFixed(0),
  ]
}

/** The accepted runs as a section of the report. */
export function trickleSection(runs: readonly TrickleRun[]): string {
  const head = ['server', 'succeeded', 'p50 ms', 'p99 ms', 'longest ms']
  const rows = runs.filter((run) => !run.rejected).map(cellsOf)
  const memory = ['RSS at rest MiB', 'peak RSS MiB', 'a connection, KiB']
  const table = markdownTable([...head, 'CPU', ...memory, 'foreign %'], rows)
  const { seconds = 0 } = runs[0] ?? {}
  const about = `Each of 1 MiB, in steps of 100 ms over ${seconds} s; times from the last byte to the answer; one run.`
  return `## ${TRICKLE.name}: ${TRICKLE.title}\n\n${about}\n\n${table}`
}

/** How our server did against what slow uploads demand. */
export function judgeTrickles(runs: readonly TrickleRun[]): Verdict[] {
  const own = runs.find((run) => run.server === OURS && !run.rejected)
  if (own === undefined) return []
  const { report, usage, uploads } = own
  const demands = [
    { demand: 'all succeed', measured: `${report.ok} of ${uploads}`, met: report.ok === uploads },
    {
      demand: `p99 ≤ ${LONGEST_LAG_MS} ms`,
      measured: `${report.p99.toFixed(1)} ms`,
      met: report.p99 <= LONGEST_LAG_MS,
    },
    {
      demand: `peak RSS ≤ ${LARGEST_RSS_MIB} MiB`,
      measured: `${usage.peakRssMiB.toFixed(0)} MiB`,
      met: usage.peakRssMiB <= LARGEST_RSS_MIB,
    },
  ]
  return demands.map((each) => ({ workload: TRICKLE.name, ...each }))
}
