import { type ChartSeries, takeoverChart } from './load-chart.ts'
import type { PartResult } from './load-parts.ts'
import type { Amounts } from './load-plans.ts'
import { type MachineFacts, describeMachine } from './machine.ts'
import type { SessionMemory } from './sessions.ts'
import { markdownTable } from './markdown-table.ts'
import { median, quantile } from './statistics.ts'
import {
  type Difference,
  type StoredCost,
  type StoredResult,
  differenceOf,
  usualCost,
} from './stored-sessions.ts'
import type { TusResult } from './takeover-tus.ts'

export interface LoadResult {
  readonly machine: MachineFacts
  readonly seed: number
  readonly amounts: Amounts
  readonly memory: SessionMemory
  readonly parts: readonly PartResult[]
  readonly tus: readonly TusResult[]
  readonly stored: readonly StoredResult[]
}

/** Milliseconds; the share of a file's bytes that are sent again; bytes of an idle session; percent that stored ones cost. */
const LIMITS = { median: 20, p99: 250, sentAgain: 0.001, idle: 1024, slower: 5 } as const

/** Whether every upload arrived, and nearly nothing had to be sent again. */
export function allRecovered({ parts, tus }: LoadResult): boolean {
  const kept = parts.every(({ recovered, uploads, sentAgain, bytes, judged, switches }) => {
    // A figure of nothing would always be a good one.
    if (judged < switches / 4) return false
    return uploads > 0 && recovered === uploads && sentAgain <= bytes * LIMITS.sentAgain
  })
  const [ours] = tus
  return kept && ours !== undefined && ours.rounds > 0 && ours.intact === ours.rounds
}

/** Whether every upload arrived, and all is within the limits. */
export function loadHolds(result: LoadResult): boolean {
  const { parts, memory, stored } = result
  const isFast = parts.every(
    ({ milliseconds }) =>
      median(milliseconds) <= LIMITS.median && quantile(milliseconds, 0.99) <= LIMITS.p99,
  )
  return allRecovered(result) && isFast && memory.idle <= LIMITS.idle && stored.every(isUnslowed)
}

/** Whether stored sessions slow uploads by no more than servers without them differ, or too little to matter. */
function isUnslowed({ costs: [base, again, full] }: StoredResult): boolean {
  if (base === undefined || again === undefined || full === undefined) return false
  const noise = differenceOf(again, base)
  const usual = Math.max(LIMITS.slower, Math.abs(noise.low), Math.abs(noise.high))
  return differenceOf(full, base).low <= usual
}

function timesOf(milliseconds: readonly number[]): string[] {
  if (milliseconds.length === 0) return ['–', '–']
  return [0.5, 0.99].map((q) => `${quantile(milliseconds, q).toFixed(1)} ms`)
}

function shareOf(part: number, whole: number): string {
  return `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`
}

function partCells(part: PartResult): string[] {
  const { name, uploads, recovered, switches, bytes, sentAgain, lostInFlight } = part
  return [
    name,
    shareOf(recovered, uploads),
    String(switches),
    `${(part.read / 2 ** 20).toFixed(1)} MiB in ${part.judged}`,
    `${sentAgain} (${((100 * sentAgain) / bytes).toFixed(3)} %)`,
    `${(lostInFlight / 1024).toFixed(0)} KiB`,
    ...timesOf(part.milliseconds),
  ]
}

function tusCells({ name, rounds, intact, milliseconds }: TusResult): string[] {
  const unknown = ['–', '–', '–']
  return [
    `tus: ${name}`,
    shareOf(intact, rounds),
    String(rounds),
    ...unknown,
    ...timesOf(milliseconds),
  ]
}

function effortCells({ name, effort }: PartResult): string[] {
  const { server, generator, generatorLate } = effort
  const shares = [server, generator].map((share) => `${(100 * share).toFixed(0)} %`)
  return [name, ...shares, `${generatorLate.toFixed(1)} ms`]
}

function differenceText({ percent, low, high }: Difference): string {
  return [percent, low, high].map((value) => `${value.toFixed(1)} %`).join(' / ')
}

function storedCells(backend: string, cost: StoredCost, base: StoredCost): string[] {
  const times = [usualCost(cost), cost.cpu].map((ms) => `${ms.toFixed(2)} ms`)
  const difference = cost === base ? '' : differenceText(differenceOf(cost, base))
  return [backend, String(cost.sessions), ...times, difference]
}

const HEAD = [
  '',
  'recovered',
  'switches',
  'read before, by the audit trail',
  'of that sent again, bytes',
  'lost in flight',
  'takeover, median',
  'p99',
]

/** The result as Markdown. */
export function loadMarkdown(result: LoadResult): string {
  const { amounts, memory, parts, stored } = result
  const effort = ['', 'server, of a core', 'generator, of a core', 'its timers late, p99']
  const sessions = ['', 'stored sessions', 'an upload', 'CPU of it', 'slower by / from / to']
  const storedRows = stored.flatMap(({ backend, costs }) =>
    costs.map((cost) => storedCells(backend, cost, costs[0] ?? cost)),
  )
  return `# Load

${describeMachine(result.machine)}.

IETF resumable uploads, \`fsync = "ack"\`, SQLite, seed ${result.seed}; the server on one core, all clients on another.
*simultaneous*: ${amounts.simultaneous} uploads that begin at once. *switching*: ${amounts.switching} clients of 64 KiB/s that
change their address about every ${amounts.every} s for at least ${amounts.seconds} s, the old connection left half-open.
*interrupted*: ${amounts.interrupted} uploads of 64 KiB/s, begun within ${amounts.every} s, whose connection is reset at a random
byte. Takeover is the time from the first byte on the new connection until the server told the offset. *tus*: one upload
at a time, half-open; the time from before the new connection until a byte is acknowledged, which our server has
synced by then; \`@tus/server\` with its file store syncs nothing. What the server had read stands in its audit trail.
To reach: all recovered, at most 0.1 % sent again, median ≤ ${LIMITS.median} ms, p99 ≤ ${LIMITS.p99} ms.

${markdownTable(HEAD, [...parts.map(partCells), ...result.tus.map(tusCells)])}

What the two sides spent; times mean something only while the generator is far from its limit:

${markdownTable(effort, parts.map(effortCells))}

A session takes ${memory.used.toFixed(0)} bytes in \`memory\`, ${memory.idle.toFixed(0)} once it is idle (to reach: ≤ ${LIMITS.idle}).

The same small uploads in turns to three servers, \`fsync = "never"\`; between the first two there is nothing but noise.
In ${amounts.rounds} rounds of ${amounts.requests}: the median, and by how much it was above the first server's, with the interval (95 %):

${markdownTable(sessions, storedRows)}
`
}

/** The takeover times as a chart. */
export function loadChart({ parts, tus }: LoadResult): string {
  const ietf: readonly ChartSeries[] = parts.filter(({ switches }) => switches > 0)
  const others = tus.map(({ name, milliseconds }) => ({ name: `tus: ${name}`, milliseconds }))
  return takeoverChart([...ietf, ...others])
}
