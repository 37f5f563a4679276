/** Takeover times under one name. */
export interface ChartSeries {
  readonly name: string
  readonly milliseconds: readonly number[]
}

const WIDTH = 760
const LEFT = 24
const PLOT = 640
const HEIGHT = 240
const LEGEND = 44
const LINE = 18

/** Logarithmic, in milliseconds. */
const SHORTEST = 0.1
const DECADES = 5
const GRID = [1, 10, 100, 1000]

const STYLE = `
  .ground { fill: #ffffff } text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  polyline { fill: none; stroke-width: 2 } .grid { stroke: #adb5bd; stroke-dasharray: 4 3 }
  .s0 { stroke: #0b7285 } .s1 { stroke: #e8590c } .s2 { stroke: #6741d9 } .s3 { stroke: #868e96 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #57606a }
    .s0 { stroke: #3bc9db } .s1 { stroke: #ffa94d } .s2 { stroke: #b197fc } .s3 { stroke: #adb5bd }
  }`

/** Takeover times from the shortest to the longest, a line for each series; logarithmic from 0.1 ms to 10 s. */
export function takeoverChart(series: readonly ChartSeries[]): string {
  const top = LEGEND + LINE * series.length + 10
  const height = top + HEIGHT + 20
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Takeover times">
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="${LEFT}" y="30">Takeover after a lost network, shortest to longest</text>
${[...series.map(legend), ...GRID.map((ms) => gridLine(ms, top)), ...series.map((one, at) => line(one, at, top))].join('\n')}
</svg>
`
}

function legend({ name, milliseconds }: ChartSeries, at: number): string {
  const y = LEGEND + LINE * at + 8
  const swatch = `<polyline class="s${at % 4}" points="${LEFT},${y - 4} ${LEFT + 20},${y - 4}"/>`
  return `${swatch}<text class="small" x="${LEFT + 28}" y="${y}">${name} (${milliseconds.length})</text>`
}

function gridLine(ms: number, top: number): string {
  const at = heightOf(ms, top)
  const rule = `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${at}" y2="${at}"/>`
  return `${rule}<text class="small" x="${LEFT + PLOT + 6}" y="${at}">${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}</text>`
}

function line({ milliseconds }: ChartSeries, series: number, top: number): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const points = sorted.map((ms, rank) => {
    const x = LEFT + (PLOT * rank) / Math.max(1, sorted.length - 1)
    return `${x.toFixed(1)},${heightOf(ms, top)}`
  })
  return `<polyline class="s${series % 4}" points="${points.join(' ')}"/>`
}

function heightOf(ms: number, top: number): string {
  const decade = Math.log10(Math.max(SHORTEST, ms) / SHORTEST)
  return (top + HEIGHT - (Math.min(decade, DECADES) / DECADES) * HEIGHT).toFixed(1)
}
