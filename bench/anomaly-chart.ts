import { type Trial, scoresOf, shareAbove, thresholdFor } from './anomaly-trial.ts'
import type { AttackName } from './anomaly-attacks.ts'

/** One line of the chart. */
export interface RocSeries {
  readonly name: string
  readonly trial: Trial
  readonly kind: AttackName | 'demanded'
}

const WIDTH = 760
const LEFT = 56
const PLOT = 620
const HEIGHT = 300
const LEGEND = 44
const LINE = 18

/** False alarms a commuter-day, logarithmic. */
const LEAST = 0.0001
const DECADES = 3
const GRID = [0.0001, 0.001, 0.01, 0.1]
const POINTS = 60

const STYLE = `
  .ground { fill: #ffffff } text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  polyline { fill: none; stroke-width: 2 } .grid { stroke: #adb5bd; stroke-dasharray: 4 3 }
  .s0 { stroke: #0b7285 } .s1 { stroke: #868e96 } .s2 { stroke: #e8590c } .s3 { stroke: #6741d9 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #57606a }
    .s0 { stroke: #3bc9db } .s1 { stroke: #adb5bd } .s2 { stroke: #ffa94d } .s3 { stroke: #b197fc }
  }`

/** Found within ten requests (0 to 100 %) over false alarms a commuter-day (0.01 % to 10 %, logarithmic). */
export function rocChart(series: readonly RocSeries[]): string {
  const top = LEGEND + LINE * series.length + 10
  const height = top + HEIGHT + 30
  const parts = [
    ...series.map(legend),
    ...GRID.map((share) => gridLine(share, top)),
    ...[0, 0.5, 1].map((share) => level(share, top)),
    ...series.map((one, at) => line(one, at, top)),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Attacks found by false alarms">
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="${LEFT}" y="30">Attacks found within ten requests, by false alarms a commuter-day</text>
${parts.join('\n')}
</svg>
`
}

function legend({ name }: RocSeries, at: number): string {
  const y = LEGEND + LINE * at + 8
  const swatch = `<polyline class="s${at % 4}" points="${LEFT},${y - 4} ${LEFT + 20},${y - 4}"/>`
  return `${swatch}<text class="small" x="${LEFT + 28}" y="${y}">${name}</text>`
}

function gridLine(share: number, top: number): string {
  const x = placeOf(share)
  const rule = `<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${top + HEIGHT}"/>`
  return `${rule}<text class="small" x="${x}" y="${top + HEIGHT + 18}">${100 * share} %</text>`
}

function level(share: number, top: number): string {
  const y = top + HEIGHT * (1 - share)
  const rule = `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${y}" y2="${y}"/>`
  return `${rule}<text class="small" x="8" y="${y + 4}">${100 * share} %</text>`
}

function line({ trial, kind }: RocSeries, at: number, top: number): string {
  const scores = scoresOf(trial, kind)
  const points = Array.from({ length: POINTS + 1 }, (_, step) => {
    const alarms = LEAST * 10 ** ((step / POINTS) * DECADES)
    const found = shareAbove(scores, thresholdFor(trial, alarms))
    return `${placeOf(alarms)},${(top + HEIGHT * (1 - found)).toFixed(1)}`
  })
  return `<polyline class="s${at % 4}" points="${points.join(' ')}"/>`
}

function placeOf(alarms: number): string {
  return (LEFT + (PLOT * Math.log10(alarms / LEAST)) / DECADES).toFixed(1)
}
