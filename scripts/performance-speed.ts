import { markdownTable } from '../bench/markdown-table.ts'
import { ACCELERATED, BASE, OURS } from '../bench/server-names.ts'
import { median } from '../bench/statistics.ts'
import { type Figures, shown } from './result-figures.ts'
import { cpuOf, rowOf, titleOf } from './speed-rows.ts'

const MANY = 10
/** Parts of a request that take less are shown together. */
const SMALL_PART = 0.01

/** Each load, our server beside nginx, the fastest of the others and the least that Node.js does. */
export function speedTable(speed: Figures): string {
  const ratios = ['× nginx', '× best peer', '× bare Node.js']
  const head = ['load', OURS, BASE, ...ratios, 'p99 ms', 'CPU', 'peak RSS MiB']
  const rows = speed.list('workloads').flatMap((workload) => {
    const { name, title, unit } = titleOf(workload)
    const accelerated = rowOf(speed, name, ACCELERATED)
    const rest = { speed, name, unit }
    const plain = speedCells(title, rowOf(speed, name, OURS), rest)
    if (accelerated === undefined) return [plain]
    return [plain, speedCells(`${title}, with \`downloads.accel\``, accelerated, rest)]
  })
  return markdownTable(head, rows)
}

interface Load {
  readonly speed: Figures
  readonly name: string
  readonly unit: string
}

function speedCells(
  title: string,
  own: Figures | undefined,
  { speed, name, unit }: Load,
): string[] {
  return [
    title,
    shown(own?.number('rate'), 0, unit),
    shown(rowOf(speed, name, BASE)?.number('rate'), 0, unit),
    shown(own?.number('ratio'), 2),
    shown(own?.number('bestPeerRatio'), 2),
    shown(own?.number('floorRatio'), 2),
    shown(own?.number('p99'), 1),
    cpuOf(own, unit),
    shown(own?.number('peakRssMiB'), 0),
  ]
}

/** Where a small PUT and a small GET spend their time: shares of profiles, of the CPU that a request takes. */
export function partsTable(
  speed: Figures | undefined,
  profiles: Readonly<Record<string, Figures | undefined>>,
): string {
  const columns = Object.entries(profiles).map(([name, profile]) => {
    const cpu = speed === undefined ? undefined : rowOf(speed, name, OURS)
    return {
      parts: profile?.list('parts') ?? [],
      microseconds: cpu?.number('cpuMicrosecondsPerRequest') ?? NaN,
    }
  })
  const names = new Set(
    columns.flatMap(({ parts }) => parts.map((part) => part.text('part') ?? '')),
  )
  const large = [...names].filter((name) =>
    columns.some(({ parts }) => shareOf(parts, name) >= SMALL_PART),
  )
  const rows = large.map((name) => [
    `\`${name}\``,
    ...columns.map(({ parts, microseconds }) => partCell(shareOf(parts, name), microseconds)),
  ])
  const rest = columns.map(({ parts, microseconds }) => {
    const known = large.reduce((sum, name) => sum + shareOf(parts, name), 0)
    return partCell(Math.max(0, 1 - known), microseconds)
  })
  const total = columns.map(({ microseconds }) => shown(microseconds, 0, 'µs'))
  return markdownTable(
    ['part', ...Object.keys(profiles).map((name) => `${name}, CPU of a request`)],
    [...rows, ['all others', ...rest], ['together', ...total]],
  )
}

function shareOf(parts: readonly Figures[], name: string): number {
  return parts.find((part) => part.text('part') === name)?.number('share') ?? 0
}

function partCell(share: number, microseconds: number): string {
  return `${shown(share * microseconds, 1, 'µs')} (${shown(100 * share, 0)} %)`
}

/** Small uploads before thousands of files expire, and right after. */
export function sweepTable(sweep: Figures): string {
  const rows = (['before', 'after'] as const).map((when) => {
    const runs = sweep.list(when).filter((run) => !run.isTrue('rejected'))
    const middle = (field: string): number =>
      median(runs.flatMap((run) => run.number('report', field) ?? []))
    const moment = when === 'before' ? when : `right after ${sweep.number('files')} files expired`
    return [moment, shown(middle('requestsPerSecond'), 0, 'req/s'), shown(middle('p99'), 1)]
  })
  return markdownTable(['W2', 'median', 'p99 ms'], rows)
}

/** Single steps of a request's way. */
export function microTable(micro: Figures): string {
  return markdownTable(
    ['step', 'p50 µs', 'p99 µs'],
    micro
      .list('rows')
      .map((row) => [
        row.text('name') ?? '',
        shown(row.number('p50'), 2),
        shown(row.number('p99'), 2),
      ]),
  )
}

/** What one core carries, and by Amdahl's law ten, from what a second worker was seen to bring. */
export function capacityTable(speed: Figures, workers: Figures | undefined): string {
  const gain = secondWorkersGain(workers)
  const serial = gain === undefined ? NaN : Math.max(0, 2 / gain - 1)
  const many = MANY / (1 + (MANY - 1) * serial)
  const rows = speed.list('workloads').map((workload) => {
    const { name, title, unit } = titleOf(workload)
    const rate = rowOf(speed, name, OURS)?.number('rate') ?? NaN
    const isSmall = workload.number('connections') !== 1
    return [
      title,
      shown(rate, 0, unit),
      isSmall ? shown(rate * many, 0, unit) : 'one connection stays with one worker',
      isSmall ? shown(rate * MANY, 0, unit) : '–',
    ]
  })
  const told =
    gain === undefined
      ? 'What a second worker brings was not measured yet: `npm run bench -- workers`.'
      : `A second worker brought × ${shown(gain, 2)} (W2), hence a serial share of ${shown(100 * serial, 0)} %.`
  const head = [
    'load',
    'one core',
    'ten cores, extrapolated from that',
    'ten cores, if nothing were serial',
  ]
  return `${told}\n\n${markdownTable(head, rows)}`
}

/** The rate of two workers by that of one. */
function secondWorkersGain(workers: Figures | undefined): number | undefined {
  const rates = [OURS, `${OURS}, 2 workers`].map((server) =>
    workers === undefined ? undefined : rowOf(workers, 'W2', server)?.number('rate'),
  )
  const [one, two] = rates
  return one === undefined || two === undefined ? undefined : two / one
}
