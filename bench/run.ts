import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { BenchFailure } from './failure.ts'
import { GENERATOR_CORE, machineFacts, SERVER_CORE } from './machine.ts'
import { boundSessionBytes, GATE_CASES } from './micro-gate.ts'
import { PROOF_CASES } from './micro-proof.ts'
import { RISK_CASES } from './micro-risk.ts'
import { measureMicro, microHolds, microMarkdown } from './micro.ts'
import { installPrograms } from './packages.ts'
import { measureSlow, slowHolds, slowMarkdown } from './slow.ts'
import { chosenWorkloads, measureSpeed, PEERS, type PeerName, type SpeedRun } from './speed.ts'
import { speedChart } from './speed-chart.ts'
import { speedMarkdown, verdictTable } from './speed-report.ts'
import { judge, summarize } from './speed-summary.ts'
import { measureTakeover, takeoverHolds, takeoverMarkdown } from './takeover.ts'
import { measureTiming, timingHolds, timingMarkdown } from './timing.ts'
import { WORKLOADS } from './workloads.ts'

const HELP = `npm run bench -- [speed|takeover|slow|micro|timing|all] [options]

  speed      throughput beside nginx and Prosody (what runs without a word)
  takeover   how fast a second connection takes a dead one's upload over
  slow       a thousand trickled uploads at once, and memory against file size
  micro      single steps of a request's way: what suspicion and proof cost
  timing     whether the time of a refusal tells a stranger of sessions and MACs

  --rounds N          rounds of speed (5), takeover (200) or micro (5)
  --workloads W1,W2   ${WORKLOADS.map(({ name, title }) => `${name} ${title}`).join('\n                      ')}
  --servers a,b       of ${Object.keys(PEERS).join(', ')}
  --noise PERCENT     repeat a run with more foreign CPU than this share of a core (25)
  --seed N            schedule of takeover and timing (1)
  --workers           takeover by a server of two processes
  --quick             small loads, one round; shows that it works, its numbers mean nothing
  --install           apt-get install what is missing (as root)
  --results FOLDER    where reports go (bench/results; with --quick nowhere)
`

const SLOW_FULL = { uploads: 1000, seconds: 20, fileSizes: [64 * 2 ** 20, 2 ** 30] }
const SLOW_QUICK = { uploads: 50, seconds: 2, fileSizes: [2 ** 20, 64 * 2 ** 20] }
const MIB = 2 ** 20
const WORK_FOLDER = path.join(import.meta.dirname, 'work')
const FORMATTER = path.join(import.meta.dirname, '../node_modules/.bin/oxfmt')
const RESULTS_FOLDER = path.join(import.meta.dirname, 'results')

/** The command line was wrong; exit code 2. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

interface Settings {
  readonly command: 'speed' | 'takeover' | 'slow' | 'micro' | 'timing' | 'all'
  readonly rounds: number | undefined
  readonly workloads: readonly string[]
  readonly servers: readonly PeerName[]
  readonly noiseLimit: number
  readonly seed: number
  readonly workers: number
  readonly quick: boolean
  readonly install: boolean
  readonly results: string | undefined
  readonly signal: AbortSignal
}

function parseCount(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${option} takes a whole number`)
  return Number(text)
}

function isCommand(word: string): word is Settings['command'] {
  return Object.hasOwn(COMMANDS, word)
}

function isPeerName(word: string): word is PeerName {
  return Object.hasOwn(PEERS, word)
}

function parsePeers(text: string | undefined): PeerName[] {
  const words = text?.split(',') ?? Object.keys(PEERS)
  return words.map((word) => {
    if (!isPeerName(word)) throw new UsageError(`"${word}" is not a server of the benchmark`)
    return word
  })
}

function parseWorkloads(text: string | undefined): string[] {
  const names = WORKLOADS.map((workload) => workload.name)
  const words = text?.split(',') ?? names
  const unknown = words.find((word) => !names.includes(word))
  if (unknown !== undefined) throw new UsageError(`"${unknown}" is not a workload`)
  return words
}

const OPTIONS = {
  rounds: { type: 'string' },
  workloads: { type: 'string' },
  servers: { type: 'string' },
  noise: { type: 'string' },
  seed: { type: 'string' },
  results: { type: 'string' },
  workers: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  install: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

function parseSettings(args: readonly string[], signal: AbortSignal): Settings | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  })
  if (values.help) return 'help'
  const command = positionals[0] ?? 'speed'
  if (!isCommand(command)) throw new UsageError(`"${command}" is not a command`)
  if (positionals.length > 1) throw new UsageError('one command at most')
  const usual = values.quick ? undefined : RESULTS_FOLDER
  return {
    command,
    quick: values.quick,
    install: values.install,
    signal,
    rounds: parseCount(values.rounds, 'rounds'),
    workloads: parseWorkloads(values.workloads),
    servers: parsePeers(values.servers),
    noiseLimit: parseCount(values.noise, 'noise') ?? 25,
    seed: parseCount(values.seed, 'seed') ?? 1,
    workers: values.workers ? 2 : 1,
    results: values.results === undefined ? usual : path.resolve(values.results),
  }
}

/** Writes `name.<extension>` for each extension, unless no results are wanted. */
function writeResults(
  settings: Settings,
  name: string,
  contents: Readonly<Record<string, string>>,
): void {
  if (settings.results === undefined) return
  mkdirSync(settings.results, { recursive: true })
  for (const [extension, text] of Object.entries(contents)) {
    const file = path.join(settings.results, `${name}.${extension}`)
    writeFileSync(file, text)
    // The repository's own form, which its check asks for.
    if (extension !== 'svg') execFileSync(FORMATTER, [file], { stdio: 'ignore' })
    console.log(`wrote ${file}`)
  }
}

function printRun(run: SpeedRun): void {
  const { report, usage } = run
  const figures = [
    `${report.megabytesPerSecond.toFixed(0)} MB/s`,
    `${report.requestsPerSecond.toFixed(0)} req/s`,
    `p99 ${report.p99.toFixed(1)} ms`,
    `CPU ${usage.cpuSeconds.toFixed(2)} s`,
    `RSS ${usage.peakRssMiB.toFixed(0)} MiB`,
    `errors ${report.errors}`,
    `foreign ${run.foreignPercent.toFixed(0)} %${run.rejected ? ', again' : ''}`,
  ]
  console.log(`${run.workload} round ${run.round + 1} ${run.server}: ${figures.join(', ')}`)
}

function requireTwoCores(): void {
  if (SERVER_CORE === GENERATOR_CORE) {
    throw new BenchFailure('Needs two cores: one for the servers, one for the load generator.')
  }
}

/** Whether all demands were met; true where not all of them were measured. */
async function speed(settings: Settings): Promise<boolean> {
  requireTwoCores()
  const { quick, noiseLimit, signal, servers } = settings
  const rounds = settings.rounds ?? (quick ? 1 : 5)
  const workloads = chosenWorkloads(settings)
  const chosen = { rounds, quick, noiseLimit, signal, servers, workFolder: WORK_FOLDER }
  const runs = await measureSpeed({ ...chosen, workloads: settings.workloads, onRun: printRun })
  const rows = summarize(runs, workloads)
  const verdicts = quick ? [] : judge(rows, workloads)
  const machine = machineFacts()
  const results = { machine, rounds, noiseLimit, workloads, rows, verdicts }
  const markdown = speedMarkdown(results)
  const json = `${JSON.stringify({ ...results, runs }, null, 2)}\n`
  writeResults(settings, 'speed', { md: markdown, json, svg: speedChart(results) })
  if (settings.results === undefined) console.log(`\n${markdown}`)
  const demanded = WORKLOADS.filter((workload) => workload.demand !== undefined)
  if (verdicts.length < demanded.length) {
    console.log('The demands were not judged: not all of their workloads ran at full size.')
    return true
  }
  console.log(`\n${verdictTable(verdicts)}`)
  return verdicts.every((verdict) => verdict.met)
}

async function takeover(settings: Settings): Promise<boolean> {
  const { seed, signal, quick, workers } = settings
  const rounds = settings.rounds ?? (quick ? 10 : 200)
  const chosen = { rounds, size: MIB, seed, workers, workFolder: WORK_FOLDER, signal }
  const result = await measureTakeover(chosen)
  const machine = machineFacts()
  const markdown = takeoverMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, workers === 1 ? 'takeover' : 'takeover-workers', { md: markdown, json })
  console.log(`\n${markdown}`)
  return takeoverHolds(result)
}

async function slow(settings: Settings): Promise<boolean> {
  const amounts = settings.quick ? SLOW_QUICK : SLOW_FULL
  const place = { workFolder: WORK_FOLDER, signal: settings.signal }
  const result = await measureSlow({ ...amounts, ...place, size: MIB })
  const machine = machineFacts()
  const markdown = slowMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, 'slow', { md: markdown, json })
  console.log(`\n${markdown}`)
  return slowHolds(result)
}

async function micro(settings: Settings): Promise<boolean> {
  const { signal, quick } = settings
  const amounts = { rounds: settings.rounds ?? (quick ? 1 : 5), calls: quick ? 1_000 : 100_000 }
  // First, while nothing else is in the heap.
  const sessionBytes = await boundSessionBytes()
  const cases = [...RISK_CASES, ...PROOF_CASES, ...GATE_CASES]
  const rows = await measureMicro(cases, { ...amounts, signal })
  const machine = machineFacts()
  const markdown = microMarkdown(rows, { ...amounts, machine, sessionBytes })
  const json = `${JSON.stringify({ machine, ...amounts, sessionBytes, rows }, null, 2)}\n`
  writeResults(settings, 'micro', { md: markdown, json })
  console.log(`\n${markdown}`)
  return microHolds(rows)
}

async function timing(settings: Settings): Promise<boolean> {
  const { signal, quick, seed } = settings
  const amounts = { samples: quick ? 2_000 : 200_000, seed }
  const rows = await measureTiming({ ...amounts, signal })
  const machine = machineFacts()
  const markdown = timingMarkdown(rows, { ...amounts, machine })
  const json = `${JSON.stringify({ machine, ...amounts, rows }, null, 2)}\n`
  writeResults(settings, 'timing', { md: markdown, json })
  console.log(`\n${markdown}`)
  return quick || timingHolds(rows)
}

const COMMANDS = {
  speed: [speed],
  takeover: [takeover],
  slow: [slow],
  micro: [micro],
  timing: [timing],
  all: [micro, timing, takeover, slow, speed],
}

async function execute(args: readonly string[], signal: AbortSignal): Promise<number> {
  const settings = parseSettings(args, signal)
  if (settings === 'help') {
    console.log(HELP)
    return 0
  }
  if (settings.install) {
    const peers = settings.servers.filter((name) => name !== 'hmac-file-server')
    installPrograms(['cc', 'taskset', ...peers])
  }
  let met = true
  for (const measure of COMMANDS[settings.command]) {
    if (!(await measure(settings))) met = false
  }
  if (!met) console.error('Not all demands were met.')
  return met ? 0 : 1
}

/** 2 for a wrong command line, 1 for what the person at the terminal can mend. */
function exitCodeFor(error: unknown, signal: AbortSignal): number {
  if (error instanceof UsageError || (error instanceof TypeError && 'code' in error)) {
    console.error(`${error.message}\n\n${HELP}`)
    return 2
  }
  if (signal.aborted) console.error('Stopped.')
  else console.error(error instanceof BenchFailure ? error.message : error)
  return 1
}

const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort())
try {
  process.exitCode = await execute(process.argv.slice(2), stopping.signal)
} catch (error) {
  process.exitCode = exitCodeFor(error, stopping.signal)
}
