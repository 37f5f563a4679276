import { openContest, type ContestOptions, type PeerStarter } from './contest.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { startFronted } from './peers/fronted.ts'
import { type OwnSettings, startOwnServer } from './peers/hmac-file-server.ts'
import { chosenWorkloads, measureSpeed, type SpeedOptions, type SpeedRun } from './speed.ts'
import { type SpeedRow, summarize } from './speed-summary.ts'
import { ratioOf } from './workers.ts'

const LOADS = ['W2', 'W3', 'W5']

/** What the others are compared with: the set-up of all other benchmarks. */
const BASE = '`storage.fsync = "never"`'

const CHOICES: Readonly<Record<string, PeerStarter>> = {
  [BASE]: own({ fsync: 'never' }),
  '`storage.fsync = "complete"`': own({ fsync: 'never', set: ['storage.fsync=complete'] }),
  '`storage.fsync = "ack"`, the default': own({ fsync: 'ack' }),
  '`never`, without an audit trail': own({ fsync: 'never', set: ['audit.file='] }),
  '`never`, with `anomaly.enabled`': own({ fsync: 'never', set: ['anomaly.enabled=true'] }),
  '`never`, nginx in front on the same core': startFronted,
}

type ChoicesOptions = Pick<ContestOptions, 'quick' | 'noiseLimit' | 'workFolder' | 'signal'> &
  Pick<SpeedOptions, 'rounds' | 'onRun'>

/** What one choice of an operator does to one load. */
export interface ChoiceRow extends SpeedRow {
  /** Its rate by that of `fsync = "never"` in the same round; the median. */
  readonly effect: number
}

export interface ChoicesResult {
  readonly rows: readonly ChoiceRow[]
  readonly runs: readonly SpeedRun[]
}

function own(settings: OwnSettings): PeerStarter {
  return async (around) => await startOwnServer(around, settings)
}

/** The same loads on servers that are set up in other ways. */
export async function measureChoices(options: ChoicesOptions): Promise<ChoicesResult> {
  await using contest = await openContest({ ...options, servers: CHOICES })
  const runs = await measureSpeed(contest, { ...options, workloads: LOADS })
  const rows = summarize(runs, chosenWorkloads(LOADS, options)).map((row) => {
    const ofLoad = runs.filter(({ workload }) => workload === row.workload)
    return { ...row, effect: ratioOf(ofLoad, row.server, BASE) }
  })
  return { rows, runs }
}

/** The result as Markdown. */
export function choicesMarkdown({ rows }: ChoicesResult, machine: MachineFacts): string {
  const table = markdownTable(
    ['load', 'set-up', 'median', '× `never`', 'p99 ms'],
    rows.map(({ workload, server, rate, effect, p99 }) => [
      workload,
      server,
      rate.toFixed(0),
      effect.toFixed(2),
      p99.toFixed(1),
    ]),
  )
  return `# Choices of an operator

${describeMachine(machine)}.

W2: PUT 64 KiB, 64 connections, requests a second. W3: PUT 5 MiB, 16 connections, MB/s. W5: GET 64 KiB, 64 connections, requests
a second. Servers on core 0, nginx in front of one of them too, load generator on core 1.

${table}
`
}
