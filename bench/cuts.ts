import {
  type Attempt,
  type Contest,
  type Contestant,
  contestantsFor,
  type Measured,
  measureLoad,
  measureQuietly,
} from './contest.ts'
import type { CutBytes, CutReport } from './generator.ts'
import { markdownTable } from './markdown-table.ts'
import type { Comeback, Slot } from './peers/peer.ts'
import { OURS } from './server-names.ts'
import type { Verdict } from './verdict.ts'
import { emptyFiles } from './work-folder.ts'

const SIZE = 2 ** 20
const AT_ONCE = 16
const MOST_AGAIN_FIN = 2
const MOST_AGAIN_ALL = 10

export const CUTS = {
  name: 'W7',
  title: '500 uploads cut, then sent again or gone on with',
} as const

const COMEBACK_TITLES = { retry: 'PUT again', rufh: 'RUFH', tus: 'tus' } as const

/** One run of uploads that are cut, against one server. */
export interface CutRun extends Measured<CutReport>, Attempt {
  readonly server: string
  readonly comeback: Comeback
  readonly uploads: number
}

/** What opens the upload that is going to be cut: the request itself, or a creation without a byte. */
function opening({ put }: Slot, comeback: Comeback): string {
  if (comeback === 'retry') return put
  const [request = '', fields = ''] = put.split('\t')
  const length = `Upload-Length: ${SIZE}`
  if (comeback === 'rufh') return `${request}\t${fields}|Upload-Draft-Interop-Version: 8|${length}`
  return `${request.replace(/^\S+/u, 'POST')}\tTus-Resumable: 1.0.0|${length}`
}

async function runOnce(
  { peer }: Contestant,
  { comeback, seed, uploads }: { comeback: Comeback; seed: number; uploads: number },
  { generator, options }: Contest,
): Promise<Measured<CutReport>> {
  const slots = await peer.slots(uploads, SIZE)
  const amounts = { connections: AT_ONCE, requests: uploads, size: SIZE }
  const targets = slots.map((slot) => opening(slot, comeback))
  const load = { ...amounts, port: peer.port, comeback, seed, targets }
  const run = async (): Promise<CutReport> => await generator.cut(load, options.signal)
  const measured = await measureLoad(peer, run)
  await emptyFiles(peer.files)
  return measured
}

/**
 * Uploads that are cut at a random byte, half by FIN and half by RST, and then go on in each way
 * that the server has: whether they end well, and what is sent twice. What does not succeed is counted.
 */
export async function measureCuts(contest: Contest, seed: number): Promise<CutRun[]> {
  const uploads = contest.options.quick ? 50 : 500
  const runs: CutRun[] = []
  for (const contestant of contestantsFor(contest, CUTS.name)) {
    for (const comeback of contestant.peer.comebacks) {
      const measure = async (): Promise<Measured<CutReport>> =>
        await runOnce(contestant, { comeback, seed, uploads }, contest)
      const named = { server: contestant.name, comeback, uploads }
      const attempts = await measureQuietly(measure, contest.options)
      runs.push(...attempts.map((attempt) => ({ ...named, ...attempt })))
    }
  }
  return runs
}

/** In percent of what had been sent when the connections were cut. */
function againPercent(...parts: readonly CutBytes[]): number {
  const sent = parts.reduce((sum, part) => sum + part.sent, 0)
  const again = parts.reduce((sum, part) => sum + part.again, 0)
  return sent === 0 ? 0 : (100 * again) / sent
}

/** Of the bytes sent before the cuts: those that did not have to be sent again, 0 to 1. */
export function keptShare({ report }: CutRun): number {
  return 1 - againPercent(report.fin, report.rst) / 100
}

function cellsOf(run: CutRun): string[] {
  const { report, usage } = run
  const statuses = Object.entries(report.statuses).map(([status, count]) => `${count} × ${status}`)
  return [
    run.server,
    COMEBACK_TITLES[run.comeback],
    statuses.join(', '),
    againPercent(report.fin).toFixed(1),
    againPercent(report.rst).toFixed(1),
    againPercent(report.fin, report.rst).toFixed(1),
    String(report.extraRequests),
    `${usage.cpuSeconds.toFixed(1)} s`,
  ]
}

/** The accepted runs as a section of the report. */
export function cutSection(runs: readonly CutRun[]): string {
  const again = ['again % (FIN)', 'again % (RST)', 'again % (all)']
  const head = ['server', 'by', 'last answers', ...again, 'requests more', 'CPU']
  const table = markdownTable(head, runs.filter((run) => !run.rejected).map(cellsOf))
  const about = `Of 1 MiB, ${AT_ONCE} at a time, half cut by FIN and half by RST, the same bytes for all; what is sent again in percent of what was sent before the cuts; one run.`
  return `## ${CUTS.name}: ${CUTS.title}\n\n${about}\n\n${table}`
}

/** How our server did against what cuts demand. */
export function judgeCuts(runs: readonly CutRun[]): Verdict[] {
  const own = runs.filter((run) => run.server === OURS && !run.rejected)
  return own.flatMap(({ comeback, report, uploads }) => {
    const by = COMEBACK_TITLES[comeback]
    const all = {
      demand: `${by}: all succeed`,
      measured: `${report.ok} of ${uploads}`,
      met: report.ok === uploads,
    }
    const { fin, rst } = report
    const resumed =
      comeback === 'retry'
        ? []
        : [
            atMost(`${by}: sent again after FIN`, againPercent(fin), MOST_AGAIN_FIN),
            atMost(`${by}: sent again`, againPercent(fin, rst), MOST_AGAIN_ALL),
          ]
    return [all, ...resumed].map((each) => ({ workload: CUTS.name, ...each }))
  })
}

function atMost(what: string, percent: number, limit: number): Omit<Verdict, 'workload'> {
  const measured = `${percent.toFixed(1)} %`
  return { demand: `${what} ≤ ${limit} %`, measured, met: percent <= limit }
}
