import { effortText, GROWING, sizeText } from '../bench/growth-report.ts'
import { markdownTable } from '../bench/markdown-table.ts'
import { type Figures, shown } from './result-figures.ts'

/** As far as the page extrapolates. */
const FAR = 10_000_000

const PLACES: ReadonlyMap<string, string> = new Map([
  ['sqlite', 'SQLite'],
  ['redis', 'Redis'],
  ['disk', 'disk, 1 KiB of content included'],
  ['memory', 'memory of the process'],
])

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(GROWING))

/** What one of each takes, where, and how sure that is. */
export function growthBytes(growth: Figures): string {
  const rows = growth.list('bytes').map((figures) => {
    const slope = figures.number('line', 'slope') ?? NaN
    const intercept = figures.number('line', 'intercept') ?? NaN
    const far = intercept + slope * FAR
    return [
      nameOf(figures.text('of')),
      PLACES.get(figures.text('place') ?? '') ?? '',
      shown(slope, 0),
      shown(100 * (figures.number('line', 'residual') ?? NaN), 1, '%'),
      shown(figures.list('points').at(-1)?.number('objects'), 0),
      Number.isFinite(far) ? sizeText(far) : '–',
    ]
  })
  const head = ['one', 'takes room in', 'bytes', 'off the line', 'measured up to']
  return markdownTable([...head, 'at 10 million (extrapolated)'], rows)
}

/** How a server fares that holds more and more. */
export function growthServing(growth: Figures): string {
  const rows = growth
    .list('servers')
    .flatMap((server) =>
      server
        .list('steps')
        .map((step) => [
          nameOf(server.text('kind')),
          shown(step.number('objects'), 0),
          shown(step.number('residentMiB'), 0, 'MiB'),
          ...['start', 'put', 'get'].map((what) => effortOf(step, what)),
        ]),
    )
  return markdownTable(['it holds', 'objects', 'RSS', 'start, ms', 'PUT, ms', 'GET, ms'], rows)
}

/** What an operator's commands and retention take with more and more files. */
export function growthCommands(growth: Figures): string {
  const files = growth.list('servers').find((server) => server.text('kind') === 'file')
  const steps = files?.list('steps') ?? []
  const rows = steps.map((step) => [
    shown(step.number('objects'), 0),
    ...['list', 'collect', 'sweep'].map((what) => effortOf(step, 'commands', what)),
  ])
  const head = ['files', '`files list --sort none`', '`gc --dry-run`', 'one sweep of 100 files']
  return markdownTable(
    head.map((cell, at) => (at === 0 ? cell : `${cell}, ms`)),
    rows,
  )
}

function nameOf(kind: string | undefined): string {
  return NAMES.get(kind ?? '') ?? '–'
}

function effortOf(step: Figures, ...place: readonly string[]): string {
  const [cpu, wall] = [step.number(...place, 'cpu'), step.number(...place, 'wall')]
  return cpu === undefined || wall === undefined ? '–' : effortText({ cpu, wall })
}
