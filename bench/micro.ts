import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { median, quantile } from './statistics.ts'

/** One piece of a request's way, measured call by call. */
export interface MicroCase {
  readonly name: string
  /** Longest p99 in microseconds; absent: reported only. */
  readonly limit?: number
  /** Another case, measured before, and most microseconds that the p50 may be above its. */
  readonly above?: { readonly name: string; readonly limit: number }
  /** Most calls of a round, where one takes long. */
  readonly calls?: number
  /** Makes what is called; each call should do other work than the one before. */
  readonly prepare: () => Promise<MicroCall>
}

/** What is measured; owns what it was made of. */
export interface MicroCall extends AsyncDisposable {
  call(index: number): unknown
}

export interface MicroRow {
  readonly name: string
  readonly limit: number | undefined
  /** Microseconds of the p50 above another case's, and most that they may be. */
  readonly above: { readonly name: string; readonly by: number; readonly limit: number } | undefined
  /** Of each round. */
  readonly calls: number
  /** Microseconds: medians of the rounds'. */
  readonly p50: number
  readonly p99: number
}

export interface MicroOptions {
  readonly rounds: number
  readonly calls: number
  readonly signal: AbortSignal
}

/** Measures every case, one after the other; each round of a case is warm but for the first, which does not count. */
export async function measureMicro(
  cases: readonly MicroCase[],
  options: MicroOptions,
): Promise<readonly MicroRow[]> {
  const rows: MicroRow[] = []
  for (const each of cases) {
    const row = await measureCase(each, options)
    rows.push({ ...row, above: aboveOf(each, row, rows) })
  }
  return rows
}

function aboveOf(
  { above }: MicroCase,
  { p50 }: Pick<MicroRow, 'p50'>,
  rows: readonly MicroRow[],
): MicroRow['above'] {
  const other = rows.find(({ name }) => name === above?.name)
  return above && other && { ...above, by: p50 - other.p50 }
}

async function measureCase(
  { name, limit, calls: most = Infinity, prepare }: MicroCase,
  { rounds, calls: wanted, signal }: MicroOptions,
): Promise<Omit<MicroRow, 'above'>> {
  const calls = Math.min(wanted, most)
  await using made = await prepare()
  const counted: { p50: number; p99: number }[] = []
  for (let round = 0; round <= rounds; round += 1) {
    signal.throwIfAborted()
    const times = await timesOf(made, calls)
    if (round > 0) counted.push({ p50: quantile(times, 0.5), p99: quantile(times, 0.99) })
  }
  return {
    name,
    limit,
    calls,
    p50: median(counted.map(({ p50 }) => p50)),
    p99: median(counted.map(({ p99 }) => p99)),
  }
}

/** Microseconds of each call, that of looking at the clock included. */
async function timesOf(made: MicroCall, calls: number): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < calls; index += 1) {
    const startedAt = process.hrtime.bigint()
    const result = made.call(index)
    if (result instanceof Promise) await result
    times.push(Number(process.hrtime.bigint() - startedAt) / 1000)
  }
  return times
}

/** Whether every case with a limit keeps it. */
export function microHolds(rows: readonly MicroRow[]): boolean {
  return (
    rows.length > 0 &&
    rows.every(
      ({ p99, limit = Infinity, above }) =>
        p99 <= limit && (above === undefined || above.by <= above.limit),
    )
  )
}

/** The result as Markdown. */
export function microMarkdown(
  rows: readonly MicroRow[],
  {
    machine,
    rounds,
    sessionBytes,
  }: Pick<MicroOptions, 'rounds'> & {
    readonly machine: MachineFacts
    /** Of memory, of a session with a key. */
    readonly sessionBytes: number
  },
): string {
  const table = markdownTable(
    ['', 'calls', 'p50 µs', 'p99 µs', 'p99 to reach', 'p50 above', 'to reach'],
    rows.map(({ name, calls, p50, p99, limit, above }) => [
      name,
      String(calls),
      p50.toFixed(2),
      p99.toFixed(2),
      limit === undefined ? '' : `≤ ${limit}`,
      above === undefined ? '' : `${above.by.toFixed(2)} above “${above.name}”`,
      above === undefined ? '' : `≤ ${above.limit}`,
    ]),
  )
  return `# Micro

${describeMachine(machine)}.

Single calls, timed one by one, in ${rounds} rounds after one that does not count; medians of the rounds.

${table}

A session with a key takes ${sessionBytes.toFixed(0)} bytes of memory.
`
}
