import { markdownTable } from '../bench/markdown-table.ts'
import { choicesTable } from './performance-choices.ts'
import { floorTable } from './performance-floor.ts'
import { growthBytes, growthCommands, growthServing } from './performance-growth.ts'
import {
  capacityTable,
  microTable,
  partsTable,
  speedTable,
  sweepTable,
} from './performance-speed.ts'
import { slowTable } from './performance-slow.ts'
import { type Figures, resultsOf } from './result-figures.ts'

/** The benchmarks whose figures stand on the page, and the command that repeats each. */
const SOURCES = {
  speed: 'npm run bench',
  'profile-W2': 'npm run bench -- --profile --workloads W2,W5',
  'profile-W5': 'npm run bench -- --profile --workloads W2,W5',
  micro: 'npm run bench -- micro',
  slow: 'npm run bench -- slow',
  choices: 'npm run bench -- choices',
  workers: 'npm run bench -- workers',
  sweep: 'npm run bench -- sweep',
  growth: 'npm run bench -- growth',
} as const

type Source = keyof typeof SOURCES

const SECTION = /<!-- figures: (\w+) -->[\s\S]*?<!-- end of figures -->/gu

/** `docs/performance.md` with the figures of the results in the place of those that stand in it. */
export function performancePage(text: string): string {
  return text.replaceAll(SECTION, (_, name: string) => {
    const section = SECTIONS.get(name)
    if (section === undefined) throw new TypeError(`There are no figures "${name}"`)
    return `<!-- figures: ${name} -->\n\n${section()}\n\n<!-- end of figures -->`
  })
}

const SECTIONS: ReadonlyMap<string, () => string> = new Map([
  ['machines', machinesTable],
  ['speed', () => of('speed', speedTable)],
  ['floor', () => of('speed', floorTable)],
  ['slow', () => slowTable(resultsOf('slow'), resultsOf('speed')) ?? unmeasured('slow')],
  ['parts', partsOfRequests],
  ['micro', () => of('micro', microTable)],
  ['choices', () => of('choices', choicesTable)],
  ['capacity', () => of('speed', (speed) => capacityTable(speed, resultsOf('workers')))],
  ['sweep', () => of('sweep', sweepTable)],
  ['growth', () => of('growth', growthBytes)],
  ['serving', () => of('growth', growthServing)],
  ['commands', () => of('growth', growthCommands)],
])

/** A section, or that there are no results of the benchmark, or none of this in those that there are. */
function of(source: Source, section: (figures: Figures) => string | undefined): string {
  const figures = resultsOf(source)
  const text = figures === undefined ? undefined : section(figures)
  return text ?? unmeasured(source)
}

function unmeasured(source: Source): string {
  return `Not measured yet: \`${SOURCES[source]}\`.`
}

function partsOfRequests(): string {
  const [W2, W5] = [resultsOf('profile-W2'), resultsOf('profile-W5')]
  if (W2 === undefined && W5 === undefined) return unmeasured('profile-W2')
  return partsTable(resultsOf('speed'), { W2, W5 })
}

function machinesTable(): string {
  const rows = Object.entries(SOURCES).map(([name, command]) => {
    const machine = resultsOf(name)
    const [cpu, kernel, node] = ['cpu', 'kernel', 'node'].map((fact) =>
      machine?.text('machine', fact),
    )
    const facts = machine === undefined ? 'not measured yet' : `${cpu}, ${cores(machine)}`
    const system = machine === undefined ? '–' : `Linux ${kernel}, Node.js ${node}`
    return [`\`${command}\``, machine?.text('machine', 'date')?.slice(0, 10) ?? '–', facts, system]
  })
  const unique = new Map(rows.map((row) => [row.join(' '), row]))
  return markdownTable(['repeat it with', 'measured', 'machine', 'system'], [...unique.values()])
}

function cores(figures: Figures): string {
  const [count, memory] = ['cores', 'memoryGiB'].map((fact) => figures.number('machine', fact) ?? 0)
  return `${count} cores, ${memory} GiB`
}
