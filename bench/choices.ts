import { openContest, type ContestOptions, type PeerStarter } from './contest.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { startFronted } from './peers/fronted.ts'
import { type OwnSettings, startOwnServer } from './peers/hmac-file-server.ts'
import { startRelayed } from './peers/relayed.ts'
import { chosenWorkloads, measureSpeed, type SpeedOptions, type SpeedRun } from './speed.ts'
import { type SpeedRow, summarize } from './speed-summary.ts'
import { median } from './statistics.ts'

const UPLOADS = ['W2', 'W3']
const SMALL = [...UPLOADS, 'W5']
const LOADS = [...SMALL, 'W4']

/** What the others are compared with: the set-up of all other benchmarks. */
const BASE = '`storage.fsync = "never"`'
/** What those are compared with that the load generator reaches through a relay. */
const RELAYED = '`never`, plain HTTP through a relay'

/** One way to set the server up. */
interface Choice {
  readonly start: PeerStarter
  /** Names of the loads that it could make a difference to. */
  readonly loads: readonly string[]
  /** Compared with that one, by CPU alone. */
  readonly against?: string
}

const CHOICES: Readonly<Record<string, Choice>> = {
  [BASE]: { loads: LOADS, start: own({ fsync: 'never' }) },
  '`storage.fsync = "complete"`': {
    loads: UPLOADS,
    start: own({ fsync: 'never', set: ['storage.fsync=complete'] }),
  },
  '`storage.fsync = "ack"`, the default': { loads: UPLOADS, start: own({ fsync: 'ack' }) },
  '`never`, without an audit trail': {
    loads: UPLOADS,
    start: own({ fsync: 'never', set: ['audit.file='] }),
  },
  '`never`, with `anomaly.enabled`': {
    loads: SMALL,
    start: own({ fsync: 'never', set: ['anomaly.enabled=true'] }),
  },
  '`never`, nginx in front on the same core': {
    loads: LOADS,
    start: async (around) => await startFronted(around),
  },
  '`never`, nginx in front, by a UNIX socket': {
    loads: LOADS,
    start: async (around) => await startFronted(around, { byUnixSocket: true }),
  },
  '`never`, nginx in front, with `downloads.accel`': {
    loads: ['W4'],
    start: async (around) => await startFronted(around, { isSendingFiles: true }),
  },
  [RELAYED]: {
    loads: ['W3', 'W5'],
    against: RELAYED,
    start: async (around) => await startRelayed(around, 'nobody'),
  },
  'TLS in the server, through the relay': {
    loads: ['W3', 'W5'],
    against: RELAYED,
    start: async (around) => await startRelayed(around, 'server'),
  },
  'TLS in nginx in front, through the relay': {
    loads: ['W3', 'W5'],
    against: RELAYED,
    start: async (around) => await startRelayed(around, 'proxy'),
  },
}

type ChoicesOptions = Pick<ContestOptions, 'quick' | 'noiseLimit' | 'workFolder' | 'signal'> &
  Pick<SpeedOptions, 'rounds' | 'onRun'>

/** What one choice of an operator does to one load. */
export interface ChoiceRow extends SpeedRow {
  /** The set-up that it is compared with. */
  readonly against: string
  /** Its rate by that of the other in the same round, the median; nothing where a relay limits the rate. */
  readonly effect: number | undefined
  /** Its CPU of a request, proxy included, by that of the other in the same round; the median. */
  readonly cpuEffect: number
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
  const starters = Object.entries(CHOICES).map(([name, { start, loads }]) => {
    const restricted: PeerStarter = async (around) => ({ ...(await start(around)), only: loads })
    return [name, restricted]
  })
  await using contest = await openContest({ ...options, servers: Object.fromEntries(starters) })
  const runs = await measureSpeed(contest, { ...options, workloads: LOADS })
  return { rows: compareChoices(runs, options), runs }
}

/** Each set-up beside the one that it is compared with. */
export function compareChoices(
  runs: readonly SpeedRun[],
  options: Pick<ChoicesOptions, 'quick'>,
): ChoiceRow[] {
  return summarize(runs, chosenWorkloads(LOADS, options)).map((row) => {
    const ofLoad = runs.filter(({ workload, rejected }) => workload === row.workload && !rejected)
    const against = CHOICES[row.server]?.against ?? BASE
    const pairs = pairsOf(ofLoad, row.server, against)
    const cpuEffect = median(pairs.map(([it, other]) => cpuOf(it) / cpuOf(other)))
    if (against !== BASE) return { ...row, against, effect: undefined, cpuEffect }
    const effect = median(pairs.map(([it, other]) => rateOf(it) / rateOf(other)))
    return { ...row, against, effect, cpuEffect }
  })
}

/** Runs of two servers in the same round. */
function pairsOf(
  runs: readonly SpeedRun[],
  server: string,
  other: string,
): (readonly [SpeedRun, SpeedRun])[] {
  const others = new Map(runs.filter((run) => run.server === other).map((run) => [run.round, run]))
  return runs.flatMap((run) => {
    const beside = run.server === server ? others.get(run.round) : undefined
    return beside === undefined ? [] : [[run, beside] as const]
  })
}

function rateOf({ report }: SpeedRun): number {
  return report.requestsPerSecond
}

function cpuOf({ usage, report }: SpeedRun): number {
  return usage.cpuSeconds / report.ok
}

/** The result as Markdown. */
export function choicesMarkdown({ rows }: ChoicesResult, machine: MachineFacts): string {
  const table = markdownTable(
    ['load', 'set-up', 'median', 'rate', 'CPU', 'compared with', 'p99 ms'],
    rows.map(({ workload, server, rate, effect, cpuEffect, against, p99 }) => [
      workload,
      server,
      rate.toFixed(0),
      effect === undefined ? '–' : `× ${effect.toFixed(2)}`,
      `× ${cpuEffect.toFixed(2)}`,
      against,
      p99.toFixed(1),
    ]),
  )
  return `# Choices of an operator

${describeMachine(machine)}.

W2: PUT 64 KiB, 64 connections, requests a second. W3: PUT 5 MiB, 16 connections, MB/s. W4: GET 1 GiB, MB/s. W5: GET 64 KiB, 64
connections, requests a second. Servers on core 0, nginx in front of one of them too, and its CPU counted with theirs; load
generator on core 1, and there the relay, an nginx that encrypts what the generator cannot: its CPU is nobody's,
and what it does to the rate tells nothing of the server.

${table}
`
}
