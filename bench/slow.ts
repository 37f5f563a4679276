import { type ContestOptions, openContest, PEERS, putLoad } from './contest.ts'
import { BenchFailure } from './failure.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { startAccounting } from './process-accounting.ts'
import { BASE, OURS } from './server-names.ts'
import { judgeTrickles, measureTrickles, type TrickleRun, trickleSection } from './trickle.ts'
import { type Verdict, verdictTable } from './verdict.ts'

export interface SlowOptions extends Pick<
  ContestOptions,
  'quick' | 'noiseLimit' | 'workFolder' | 'signal'
> {
  /** Sizes, in bytes, of single uploads at full speed whose memory is compared. */
  readonly fileSizes: readonly number[]
}

/** Peak memory of the server during one upload of this size. */
export interface FileMemory {
  readonly size: number
  readonly peakRssMiB: number
}

export interface SlowResult {
  readonly trickles: readonly TrickleRun[]
  readonly files: readonly FileMemory[]
  /** Empty after small loads. */
  readonly verdicts: readonly Verdict[]
}

const WARM_UP = { connections: 1, requests: 200, size: 64 * 1024, seconds: 15 }
const ONE = { connections: 1, requests: 1, seconds: 600 }

async function memoryOfFiles(options: SlowOptions): Promise<FileMemory[]> {
  const servers = { [OURS]: PEERS[OURS] }
  await using contest = await openContest({ ...options, servers })
  const [own] = contest.contestants
  if (own === undefined) throw new BenchFailure('There is no server.')
  const { peer } = own
  await contest.generator.run(await putLoad(peer, WARM_UP), options.signal)
  const rows: FileMemory[] = []
  for (const size of options.fileSizes) {
    const load = await putLoad(peer, { ...ONE, size })
    const stop = startAccounting(peer.pid)
    const report = await contest.generator.run(load, options.signal)
    if (report.ok !== 1) throw new BenchFailure(`An upload of ${size} bytes failed`)
    rows.push({ size, peakRssMiB: stop().peakRssMiB })
  }
  return rows
}

async function trickled(options: SlowOptions): Promise<TrickleRun[]> {
  const servers = { [OURS]: PEERS[OURS], [BASE]: PEERS[BASE] }
  await using contest = await openContest({ ...options, servers })
  return await measureTrickles(contest)
}

/**
 * Many uploads at once, each a trickle, to our server and to nginx: whether all succeed and what each costs in memory. Then,
 * on a fresh server, whether memory depends on the size of a file.
 */
export async function measureSlow(options: SlowOptions): Promise<SlowResult> {
  const trickles = await trickled(options)
  const files = await memoryOfFiles(options)
  return { trickles, files, verdicts: options.quick ? [] : judgeTrickles(trickles) }
}

/** The result as Markdown. */
export function slowMarkdown(result: SlowResult, machine: MachineFacts): string {
  const { trickles, files, verdicts } = result
  const memory = markdownTable(
    ['one upload of', 'peak RSS'],
    files.map((file) => [`${file.size / 2 ** 20} MiB`, `${file.peakRssMiB.toFixed(0)} MiB`]),
  )
  return [
    '# Slow uploads and memory',
    `${describeMachine(machine)}.`,
    verdicts.length === 0 ? '' : `## Demands of this release\n\n${verdictTable(verdicts)}`,
    trickleSection(trickles),
    '## Memory against the size of the file',
    'On a fresh server of ours, one upload at full speed each:',
    memory,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}
