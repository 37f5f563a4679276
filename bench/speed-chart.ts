import type { SpeedResults } from './speed-report.ts'
import { BASE, OURS, type SpeedRow } from './speed-summary.ts'
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
  .ours { fill: #0b7285 } .peer { fill: #adb5bd } .base { stroke: #59636e; stroke-dasharray: 4 3 }
  .demand { stroke: #e8590c; stroke-width: 2 } text.inside { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 }
    .ours { fill: #3bc9db } .peer { fill: #57606a } .base { stroke: #9198a1 } .demand { stroke: #ffa94d } text.inside { fill: #0d1117 }
  }`

interface Scale {
  readonly x: (ratio: number) => number
}

interface Group {
  readonly workload: Workload
  readonly rows: readonly SpeedRow[]
}

function scaleFor(rows: readonly SpeedRow[]): Scale {
  const longest = Math.max(1.05, ...rows.map((row) => row.ratio ?? 0))
  return { x: (ratio) => LEFT + (ratio / longest) * PLOT }
}

function groupHeight(group: Group): number {
  return GROUP_HEAD + group.rows.length * (BAR + GAP) + 16
}

function barOf(row: SpeedRow, y: number, scale: Scale): string {
  const ratio = row.ratio ?? 0
  const end = scale.x(ratio)
  const label = `${row.server} ${ratio.toFixed(2)}`
  // A long bar holds its label's end no better than the page's edge does: above it goes inside.
  const inside = end > LEFT + PLOT - 140
  const text = inside
    ? `<text x="${end - 8}" y="${y + 13}" text-anchor="end" class="inside">${label}</text>`
    : `<text x="${end + 8}" y="${y + 13}">${label}</text>`
  const kind = row.server === OURS ? 'ours' : 'peer'
  const width = Math.max(1, end - LEFT).toFixed(1)
  return `<rect class="${kind}" x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2"/>${text}`
}

function demandMark(group: Group, top: number, scale: Scale): string {
  const demand = group.workload.demands.find(({ against }) => against === BASE)
  if (demand === undefined) return ''
  const x = scale.x(demand.ratio).toFixed(1)
  return `<line class="demand" x1="${x}" x2="${x}" y1="${top - 4}" y2="${top + BAR + 4}"/>`
}

function drawGroup(group: Group, y: number, scale: Scale): string {
  const top = y + GROUP_HEAD
  const bars = group.rows.map((row, index) => barOf(row, top + index * (BAR + GAP), scale))
  const { name, title } = group.workload
  const heading = `<text x="${LEFT}" y="${y + 20}"><tspan font-weight="600">${name}</tspan> ${title}</text>`
  return [heading, ...bars, demandMark(group, top, scale)].join('\n')
}

/** Our server first, then the others; nginx is the line they are measured by. */
function groupsOf(results: SpeedResults): Group[] {
  return results.workloads.flatMap((workload) => {
    const rows = results.rows
      .filter((row) => row.workload === workload.name && row.server !== BASE)
      .filter((row) => row.ratio !== undefined)
      .toSorted((a, b) => Number(b.server === OURS) - Number(a.server === OURS))
    return rows.length === 0 ? [] : [{ workload, rows }]
  })
}

/** Bars of the ratios to nginx, as an SVG that follows the reader's light or dark scheme. */
export function speedChart(results: SpeedResults): string {
  const groups = groupsOf(results)
  const scale = scaleFor(groups.flatMap((group) => group.rows))
  const tops = groups.map((_, index) =>
    groups.slice(0, index).reduce((y, group) => y + groupHeight(group), TOP),
  )
  const height = groups.reduce((y, group) => y + groupHeight(group), TOP) + 12
  const one = scale.x(1).toFixed(1)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Throughput as a share of nginx">
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="${LEFT}" y="30">Throughput, nginx = 1</text>
<text class="small" x="${LEFT}" y="50">one core each, medians of ${results.rounds} rounds; orange mark: demand of this release</text>
<line class="base" x1="${one}" x2="${one}" y1="${TOP - 8}" y2="${height - 12}"/>
<text class="small" x="${one}" y="${TOP - 12}" text-anchor="end">nginx</text>
${groups.map((group, index) => drawGroup(group, tops[index] ?? TOP, scale)).join('\n')}
</svg>
`
}
