import { type CutRun, CUTS, keptShare } from './cuts.ts'
import type { SpeedResults } from './speed-report.ts'
import { BASE, FLOOR, OURS } from './server-names.ts'
import type { SpeedRow } from './speed-summary.ts'
import { TRICKLE, type TrickleRun } from './trickle.ts'
import type { Workload } from './workloads.ts'

const WIDTH = 760
const LEFT = 24
const PLOT = 640
const BAR = 18
const GAP = 6
const GROUP_HEAD = 30
const TOP = 74

const STYLE = `
  .ground { fill: #ffffff } text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  .ours { fill: #0b7285 } .peer { fill: #adb5bd } .floor { fill: none; stroke: #adb5bd } .base { stroke: #59636e; stroke-dasharray: 4 3 }
  .demand { stroke: #e8590c; stroke-width: 2 } text.inside { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 }
    .ours { fill: #3bc9db } .peer { fill: #57606a } .floor { stroke: #57606a } .base { stroke: #9198a1 } .demand { stroke: #ffa94d } text.inside { fill: #0d1117 }
  }`

interface Scale {
  readonly x: (ratio: number) => number
}

/** Bars of one load. */
interface Group {
  readonly name: string
  readonly title: string
  readonly bars: readonly Bar[]
}

interface Bar {
  readonly label: string
  readonly value: number
  readonly kind: Kind
  /** The value that this release has to reach. */
  readonly demand?: number | undefined
}

/** In the order in which they stand. */
const KINDS = ['ours', 'peer', 'floor'] as const

type Kind = (typeof KINDS)[number]

function scaleFor(groups: readonly Group[]): Scale {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value))
  const longest = Math.max(1.05, ...values)
  return { x: (value) => LEFT + (value / longest) * PLOT }
}

function groupHeight(group: Group): number {
  return GROUP_HEAD + group.bars.length * (BAR + GAP) + 16
}

function drawBar({ label, value, kind }: Bar, y: number, scale: Scale): string {
  const end = scale.x(value)
  const words = `${label} ${value.toFixed(2)}`
  // A long bar holds its label's end no better than the page's edge does: above it goes inside.
  const inside = end > LEFT + PLOT - 140
  const text = inside
    ? `<text x="${end - 8}" y="${y + 13}" text-anchor="end" class="${kind === 'floor' ? '' : 'inside'}">${words}</text>`
    : `<text x="${end + 8}" y="${y + 13}">${words}</text>`
  const width = Math.max(1, end - LEFT).toFixed(1)
  return `<rect class="${kind}" x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2"/>${text}`
}

function demandMark({ demand }: Bar, y: number, scale: Scale): string {
  if (demand === undefined) return ''
  const x = scale.x(demand).toFixed(1)
  return `<line class="demand" x1="${x}" x2="${x}" y1="${y - 4}" y2="${y + BAR + 4}"/>`
}

function drawGroup(group: Group, y: number, scale: Scale): string {
  const top = y + GROUP_HEAD
  const bars = group.bars.map((bar, index) => {
    const place = top + index * (BAR + GAP)
    return `${drawBar(bar, place, scale)}${demandMark(bar, place, scale)}`
  })
  const { name, title } = group
  const heading = `<text x="${LEFT}" y="${y + 20}"><tspan font-weight="600">${name}</tspan> ${title}</text>`
  return [heading, ...bars].join('\n')
}

function barOf(server: string, value: number, label = server): Bar {
  return { label, value, kind: kindOf(server) }
}

function kindOf(server: string): Kind {
  if (server === FLOOR) return 'floor'
  return server.startsWith(OURS) ? 'ours' : 'peer'
}

/** Throughput; nginx is the line that the others are measured by. */
function speedGroup(workload: Workload, rows: readonly SpeedRow[]): Group {
  const { name, title, demands } = workload
  const demandOf = (server: string): number | undefined =>
    demands.find(({ of, against }) => of === server && against === BASE)?.ratio
  const bars = rows
    .filter((row) => row.workload === name && row.server !== BASE)
    .flatMap(({ server, ratio }) =>
      ratio === undefined ? [] : [{ ...barOf(server, ratio), demand: demandOf(server) }],
    )
  return { name, title, bars }
}

function trickleGroup(runs: readonly TrickleRun[]): Group {
  const accepted = runs.filter((run) => !run.rejected)
  const base = accepted.find((run) => run.server === BASE)?.usage.cpuSeconds
  const title = `${TRICKLE.title}: CPU of nginx ÷ CPU of the server`
  const others = accepted.filter((run) => run.server !== BASE && base !== undefined)
  const bars = others.map(({ server, usage }) => barOf(server, (base ?? 0) / usage.cpuSeconds))
  return { name: TRICKLE.name, title, bars }
}

/** Only who comes back otherwise than by sending everything again has anything to show. */
function cutGroup(runs: readonly CutRun[]): Group {
  const title = '500 uploads cut: share of the bytes that was not sent again'
  const bars = runs
    .filter((run) => !run.rejected && run.comeback !== 'retry')
    .map((run) => barOf(run.server, keptShare(run), `${run.server} by ${run.comeback}`))
  return { name: CUTS.name, title, bars }
}

/** Our server first, then the others, and last the least that Node.js does. */
function groupsOf({ workloads, rows, trickles, cuts }: SpeedResults): Group[] {
  const speeds = workloads.map((workload) => speedGroup(workload, rows))
  return [...speeds, trickleGroup(trickles), cutGroup(cuts)]
    .filter(({ bars }) => bars.length > 0)
    .map((group) => ({
      ...group,
      bars: group.bars.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)),
    }))
}

/** Bars of the ratios to nginx and of what is kept over a cut, as an SVG that follows the reader's light or dark scheme. */
export function speedChart(results: SpeedResults): string {
  const groups = groupsOf(results)
  const scale = scaleFor(groups)
  const tops = groups.map((_, index) =>
    groups.slice(0, index).reduce((y, group) => y + groupHeight(group), TOP),
  )
  const height = groups.reduce((y, group) => y + groupHeight(group), TOP) + 12
  const one = scale.x(1).toFixed(1)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Servers compared with nginx">
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="${LEFT}" y="30">Throughput, nginx = 1, and what interruptions cost</text>
<text class="small" x="${LEFT}" y="50">one core each, medians of ${results.rounds} rounds; orange mark: demand of this release</text>
<line class="base" x1="${one}" x2="${one}" y1="${TOP - 8}" y2="${height - 12}"/>
<text class="small" x="${one}" y="${TOP - 12}" text-anchor="end">nginx</text>
${groups.map((group, index) => drawGroup(group, tops[index] ?? TOP, scale)).join('\n')}
</svg>
`
}
