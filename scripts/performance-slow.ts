import { markdownTable } from '../bench/markdown-table.ts'
import { type Figures, shown } from './result-figures.ts'

const HEAD = [
  'server',
  'succeeded',
  'last byte to answer, p50 / p99 ms',
  'CPU',
  'RSS at rest MiB',
  'peak RSS MiB',
  'a connection, KiB',
]

/**
 * A thousand slow uploads at once: those of the first results that hold any; nothing where none do.
 */
export function slowTable(...results: readonly (Figures | undefined)[]): string | undefined {
  const runs = results
    .map((each) => (each?.list('trickles') ?? []).filter((run) => !run.isTrue('rejected')))
    .find(({ length }) => length > 0)
  return runs === undefined ? undefined : markdownTable(HEAD, runs.map(cellsOf))
}

function cellsOf(run: Figures): string[] {
  const [rest, peak] = [run.number('restingRssMiB'), run.number('usage', 'peakRssMiB')]
  const uploads = run.number('uploads')
  const growth = (1024 * Math.max(0, (peak ?? NaN) - (rest ?? NaN))) / (uploads ?? NaN)
  return [
    run.text('server') ?? '–',
    `${shown(run.number('report', 'ok'), 0)} of ${shown(uploads, 0)}`,
    `${shown(run.number('report', 'p50'), 1)} / ${shown(run.number('report', 'p99'), 1)}`,
    shown(run.number('usage', 'cpuSeconds'), 1, 's'),
    shown(rest, 0),
    shown(peak, 0),
    shown(growth, 1),
  ]
}
