/**
 * The long form of the comparison of `test/http/lane-fuzz.test.ts`: `npm run fuzz -- --help`.
 * Writes a report on request, and exits with 1 when lane and `node:http` disagree.
 */
import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { describeMachine, machineFacts } from '../../../bench/machine.ts'
import { type Tally, Disagreement, campaign } from './campaign.ts'

const USAGE = `Usage: npm run fuzz -- [--heads N] [--seed N] [--report]

  --heads N  changed heads to compare (default: 1000000, five to ten minutes)
  --seed N   repeats a run (default: a fresh one)
  --report   writes bench/results/lane-fuzz.md`

const REPORT = join(import.meta.dirname, '../../../bench/results/lane-fuzz.md')

function table(tally: Tally, { seed, seconds }: { seed: number; seconds: number }): string {
  const { read, mutated, taken, takenMutated, served, refused, awaited } = tally
  const rows: readonly (readonly [string, number])[] = [
    ['heads', read],
    ['of them changed', mutated],
    ['taken by the lane, read the same by `node:http`', taken],
    ['of them changed', takenMutated],
    ['left to `node:http`, which served them', served],
    ['left to `node:http`, which refused them', refused],
    ['left to `node:http`, which waited for the rest', awaited],
    ['taken by the lane, read otherwise by `node:http`', 0],
    ['seed', seed],
    ['seconds', Math.round(seconds)],
  ]
  return ['| | |', '|---|---:|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join(
    '\n',
  )
}

function report(figures: string): string {
  return `# Lane and \`node:http\`, the same heads

${describeMachine(machineFacts())}.

Every head is read by the lane's head reader, from memory in which something else stood before, and by the parser of Node.js
behind a \`http.Server\`. What the lane takes has to mean the same to both: method, target, fields, length,
expectation, whether the connection is kept, and where the next request begins. Everything else has to be left.

${figures}

Repeat it with \`npm run fuzz -- --report --seed SEED --heads NUMBER\`, the number being that of the changed ones.
`
}

interface Asked {
  readonly heads: number
  readonly seed: number
  readonly writes: boolean
}

/** Nothing where only the usage is asked for; throws what makes no sense. */
function asked(): Asked | undefined {
  const { values } = parseArgs({
    options: {
      heads: { type: 'string', default: '1000000' },
      seed: { type: 'string' },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const [heads, seed] = [Number(values.heads), Number(values.seed ?? randomInt(2 ** 31))]
  if (!Number.isSafeInteger(heads) || !Number.isSafeInteger(seed)) throw new Error(USAGE)
  return { heads, seed, writes: values.report }
}

async function main(): Promise<number> {
  const options = asked()
  if (options === undefined) {
    console.log(USAGE)
    return 0
  }
  const start = performance.now()
  try {
    const tally = await campaign(options)
    const figures = table(tally, { ...options, seconds: (performance.now() - start) / 1000 })
    console.log(figures)
    if (options.writes) await writeFile(REPORT, report(figures))
    return 0
  } catch (error) {
    if (!(error instanceof Disagreement)) throw error
    console.error(error.message)
    return 1
  }
}

process.exitCode = await main()
