import { type MachineFacts, describeMachine } from './machine.ts'
import { markdownTable } from './speed-report.ts'
import { median, quantile } from './statistics.ts'

/** What became of one kind of load. */
export interface PartResult {
  readonly name: string
  /** Of all files. */
  readonly bytes: number
  readonly uploads: number
  /** Uploads that ended in a file that reads back byte for byte. */
  readonly recovered: number
  readonly switches: number
  /** Switches of which the server's audit trail says what it had read, and the sum of that. */
  readonly judged: number
  readonly read: number
  /** Bytes that the server had read, and a client had to send again. */
  readonly sentAgain: number
  /** Bytes given to a connection that was lost before the server had read them. */
  readonly lostInFlight: number
  /** Per switch: from the first byte on the new connection until the offset was told. */
  readonly milliseconds: readonly number[]
}

export interface LoadResult {
  readonly machine: MachineFacts
  readonly seed: number
  readonly amounts: Readonly<Record<string, number>>
  readonly parts: readonly PartResult[]
  readonly sessions: readonly string[]
}

/** Limits: milliseconds, and the share of a file's bytes that are sent again. */
const LIMITS = { median: 20, p99: 250, sentAgain: 0.001 } as const

/** Whether every upload arrived, within the limits. */
export function loadHolds({ parts }: LoadResult): boolean {
  return parts.every((part) => {
    const { recovered, uploads, sentAgain, bytes, milliseconds, switches, judged } = part
    // A figure of nothing would always be a good one.
    if (judged < switches / 4) return false
    const isFast =
      median(milliseconds) <= LIMITS.median && quantile(milliseconds, 0.99) <= LIMITS.p99
    return uploads > 0 && recovered === uploads && sentAgain <= bytes * LIMITS.sentAgain && isFast
  })
}

function cells(part: PartResult): string[] {
  const { name, uploads, recovered, switches, bytes, sentAgain, lostInFlight, milliseconds } = part
  const { judged, read } = part
  const time = (q: number): string =>
    switches === 0 ? '–' : `${quantile(milliseconds, q).toFixed(1)} ms`
  return [
    name,
    `${recovered} of ${uploads} (${((100 * recovered) / uploads).toFixed(1)} %)`,
    String(switches),
    `${(read / 2 ** 20).toFixed(1)} MiB in ${judged}`,
    `${sentAgain} (${((100 * sentAgain) / bytes).toFixed(3)} %)`,
    `${(lostInFlight / 1024).toFixed(0)} KiB`,
    time(0.5),
    time(0.99),
  ]
}

/** The result as Markdown. */
export function loadMarkdown(result: LoadResult): string {
  const { amounts } = result
  const head = [
    '',
    'recovered',
    'switches',
    'read before, by the audit trail',
    'of that sent again, bytes',
    'lost in flight',
    'takeover, median',
    'p99',
  ]
  return `# Load

${describeMachine(result.machine)}.

IETF resumable uploads, \`fsync = "ack"\`, SQLite, seed ${result.seed}. *simultaneous*: ${amounts['simultaneous']} uploads at
once. *switching*: ${amounts['switching']} clients that change their address about every ${amounts['every']} s for at least
${amounts['seconds']} s, the old connection left half-open. *interrupted*: ${amounts['interrupted']} uploads whose
connection is reset at a random byte. Takeover is the time from the first byte on the new connection until the server told
the offset. What the server had read stands in its audit trail. To reach: all recovered, at most 0.1 % sent
again, median ≤ ${LIMITS.median} ms, p99 ≤ ${LIMITS.p99} ms.

${markdownTable(head, result.parts.map(cells))}

Sessions:

${result.sessions.map((line) => `- ${line}`).join('\n')}
`
}

const WIDTH = 760
const LEFT = 24
const PLOT = 640
const HEIGHT = 200
const TOP = 70

const STYLE = `
  .ground { fill: #ffffff } text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  .line { fill: none; stroke: #0b7285; stroke-width: 2 } .other { stroke: #e8590c } .grid { stroke: #adb5bd; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 }
    .line { stroke: #3bc9db } .other { stroke: #ffa94d } .grid { stroke: #57606a }
  }`

/** Takeover times from the shortest to the longest, of each part with switches; logarithmic from 0.1 ms to 1 s. */
export function loadChart({ parts }: LoadResult): string {
  const shown = parts.filter(({ switches }) => switches > 0)
  const y = (ms: number): number =>
    TOP + HEIGHT - (Math.log10(Math.min(1000, Math.max(0.1, ms)) / 0.1) / 4) * HEIGHT
  const lines = shown.map(({ milliseconds }, index) => {
    const sorted = milliseconds.toSorted((a, b) => a - b)
    const points = sorted.map((ms, rank) => {
      const x = LEFT + (PLOT * rank) / Math.max(1, sorted.length - 1)
      return `${x.toFixed(1)},${y(ms).toFixed(1)}`
    })
    return `<polyline class="line${index === 0 ? '' : ' other'}" points="${points.join(' ')}"/>`
  })
  const grid = [1, 10, 100].map((ms) => {
    const at = y(ms).toFixed(1)
    const line = `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${at}" y2="${at}"/>`
    return `${line}<text class="small" x="${LEFT + PLOT + 6}" y="${at}">${ms} ms</text>`
  })
  const names = shown.map(({ name, switches }) => `${name} (${switches} switches)`).join(', then ')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + HEIGHT + 20}" role="img" aria-label="Takeover times">
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${TOP + HEIGHT + 20}"/>
<text class="title" x="${LEFT}" y="30">Takeover after a lost network, shortest to longest</text>
<text class="small" x="${LEFT}" y="50">${names}; logarithmic</text>
${[...grid, ...lines].join('\n')}
</svg>
`
}
