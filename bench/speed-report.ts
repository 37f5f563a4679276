import { describeMachine, type MachineFacts } from './machine.ts'
import { type CutRun, cutSection } from './cuts.ts'
import { markdownTable } from './markdown-table.ts'
import { ACCELERATED } from './server-names.ts'
import type { SpeedRow } from './speed-summary.ts'
import { type TrickleRun, trickleSection } from './trickle.ts'
import { type Verdict, verdictTable } from './verdict.ts'
import type { Workload } from './workloads.ts'

/** All that the report of a run is made of. */
export interface SpeedResults {
  readonly machine: MachineFacts
  readonly rounds: number
  readonly noiseLimit: number
  readonly workloads: readonly Workload[]
  readonly rows: readonly SpeedRow[]
  /** Empty where the load was not chosen. */
  readonly trickles: readonly TrickleRun[]
  readonly cuts: readonly CutRun[]
  readonly verdicts: readonly Verdict[]
}

const COLUMNS = [
  'server',
  'median',
  'min–max',
  '× nginx',
  '× best peer',
  '× bare Node.js',
  'p50 ms',
  'p99 ms',
  'CPU',
  'peak RSS MiB',
  'errors',
  'generator %',
  'foreign %',
]

function cpuOf(row: SpeedRow, workload: Workload): string {
  return workload.unit === 'MB/s'
    ? `${row.cpuSecondsPerGiB.toFixed(2)} s/GiB`
    : `${row.cpuMicrosecondsPerRequest.toFixed(0)} µs/req`
}

function nameOf(row: SpeedRow, workload: Workload): string {
  const smaller = row.size < workload.size
  return smaller ? `${row.server} (${row.size / 2 ** 20} MiB file)` : row.server
}

function cellsOf(row: SpeedRow, workload: Workload): string[] {
  return [
    nameOf(row, workload),
    `${row.rate.toFixed(0)} ${workload.unit}`,
    `${row.lowest.toFixed(0)}–${row.highest.toFixed(0)}`,
    row.ratio?.toFixed(2) ?? '–',
    row.bestPeerRatio?.toFixed(2) ?? '–',
    row.floorRatio?.toFixed(2) ?? '–',
    row.p50.toFixed(1),
    row.p99.toFixed(1),
    cpuOf(row, workload),
    row.peakRssMiB.toFixed(0),
    String(row.errors),
    row.generatorPercent.toFixed(0),
    row.foreignPercent.toFixed(0),
  ]
}

function workloadSection(workload: Workload, rows: readonly SpeedRow[]): string {
  const table = markdownTable(
    COLUMNS,
    rows.map((row) => cellsOf(row, workload)),
  )
  return `## ${workload.name}: ${workload.title}\n\n${table}`
}

/** The whole report as Markdown. */
export function speedMarkdown(results: SpeedResults): string {
  const { machine, rounds, noiseLimit, workloads, rows, trickles, cuts, verdicts } = results
  const rejected = rows.reduce((sum, row) => sum + row.rejectedRuns, 0)
  const sections = workloads.map((workload) =>
    workloadSection(
      workload,
      rows.filter((row) => row.workload === workload.name),
    ),
  )
  return [
    '# Speed',
    `${describeMachine(machine)}.`,
    `Servers on core 0, load generator on core 1, plain HTTP on the loopback interface. ` +
      `${rounds} rounds in rotating order; figures are medians over the rounds, “× nginx” is the median of ` +
      `the ratios to nginx in the same round, “× best peer” that of the ratios to the fastest of the ` +
      `other servers, nginx and bare Node.js left out, “× bare Node.js” that of the ratios to the least that ` +
      `a program of Node.js does. ${ACCELERATED}: our server behind nginx, which sends large files itself; ` +
      `it is asked for W4 alone, since all else is the way through a proxy. Runs with more than ${noiseLimit} % of a core of ` +
      `foreign CPU were made again (${rejected}). How it is done and how to read it: [bench/README.md](../README.md).`,
    '![Ratios to nginx](speed.svg)',
    verdicts.length === 0 ? '' : `## Demands of this release\n\n${verdictTable(verdicts)}`,
    ...sections,
    trickles.length === 0 ? '' : trickleSection(trickles),
    cuts.length === 0 ? '' : cutSection(cuts),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}
