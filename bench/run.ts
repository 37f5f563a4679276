import { anomaly } from './anomaly.ts'
import { audit } from './audit-cost.ts'
import { choicesMarkdown, measureChoices } from './choices.ts'
import { PROGRAM_OF } from './contest.ts'
import { BenchFailure } from './failure.ts'
import { growth } from './growth.ts'
import { machineFacts } from './machine.ts'
import { BYTE_CASES } from './micro-bytes.ts'
import { boundSessionBytes, GATE_CASES } from './micro-gate.ts'
import { GRANT_CASES } from './micro-grants.ts'
import { PROOF_CASES } from './micro-proof.ts'
import { RISK_CASES } from './micro-risk.ts'
import { STORE_CASES } from './micro-store.ts'
import { measureMicro, microHolds, microMarkdown } from './micro.ts'
import { installPrograms } from './packages.ts'
import { writeResults } from './results-folder.ts'
import { HELP, parseSettings, type Command, type Settings, UsageError } from './settings.ts'
import { measureSlow, slowMarkdown } from './slow.ts'
import { printRun, requireTwoCores, speed } from './speed-command.ts'
import { measureSweep, sweepMarkdown } from './sweep.ts'
import { measureTakeover, takeoverHolds, takeoverMarkdown } from './takeover.ts'
import { measureWorkers, workersMarkdown } from './workers.ts'
import { WORK_FOLDER } from './work-folder.ts'
import { measureTiming, timingHolds, timingMarkdown } from './timing.ts'

const MIB = 2 ** 20
const FILE_SIZES = [64 * MIB, 1024 * MIB]
const FILE_SIZES_QUICK = [MIB, 64 * MIB]

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
  requireTwoCores()
  const { quick, noiseLimit, signal } = settings
  const fileSizes = quick ? FILE_SIZES_QUICK : FILE_SIZES
  const place = { workFolder: WORK_FOLDER, signal }
  const result = await measureSlow({ fileSizes, quick, noiseLimit, ...place })
  const machine = machineFacts()
  const markdown = slowMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, 'slow', { md: markdown, json })
  console.log(`\n${markdown}`)
  return result.verdicts.every((verdict) => verdict.met)
}

async function micro(settings: Settings): Promise<boolean> {
  const { signal, quick } = settings
  const amounts = { rounds: settings.rounds ?? (quick ? 1 : 5), calls: quick ? 1_000 : 100_000 }
  // First, while nothing else is in the heap.
  const sessionBytes = await boundSessionBytes()
  const requestCases = [...GRANT_CASES, ...BYTE_CASES, ...STORE_CASES]
  const cases = [...RISK_CASES, ...PROOF_CASES, ...GATE_CASES, ...requestCases]
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

async function sweep(settings: Settings): Promise<boolean> {
  requireTwoCores()
  const { quick, noiseLimit, signal } = settings
  const amounts = { rounds: settings.rounds ?? (quick ? 1 : 5), files: quick ? 1_000 : 20_000 }
  const place = { quick, noiseLimit, workFolder: WORK_FOLDER, signal }
  const result = await measureSweep({ ...amounts, ...place })
  const machine = machineFacts()
  const markdown = sweepMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, 'sweep', { md: markdown, json })
  console.log(`\n${markdown}`)
  return true
}

async function scaling(settings: Settings): Promise<boolean> {
  requireTwoCores()
  const { quick, noiseLimit, signal } = settings
  const chosen = { rounds: settings.rounds ?? (quick ? 1 : 5), onRun: printRun }
  const place = { quick, noiseLimit, workFolder: WORK_FOLDER, signal }
  const result = await measureWorkers({ ...chosen, ...place })
  const machine = machineFacts()
  const markdown = workersMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, 'workers', { md: markdown, json })
  console.log(`\n${markdown}`)
  return true
}

async function choices(settings: Settings): Promise<boolean> {
  requireTwoCores()
  const { quick, noiseLimit, signal } = settings
  const chosen = { rounds: settings.rounds ?? (quick ? 1 : 4), onRun: printRun }
  const place = { quick, noiseLimit, workFolder: WORK_FOLDER, signal }
  const result = await measureChoices({ ...chosen, ...place })
  const machine = machineFacts()
  const markdown = choicesMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, 'choices', { md: markdown, json })
  console.log(`\n${markdown}`)
  return true
}

const MEASURES: Readonly<Record<Command, readonly ((settings: Settings) => Promise<boolean>)[]>> = {
  speed: [speed],
  takeover: [takeover],
  slow: [slow],
  micro: [micro],
  audit: [audit],
  timing: [timing],
  anomaly: [anomaly],
  sweep: [sweep],
  workers: [scaling],
  choices: [choices],
  growth: [growth],
  all: [micro, audit, timing, takeover, slow, speed, scaling, choices, sweep, growth],
}

async function execute(args: readonly string[], signal: AbortSignal): Promise<number> {
  const settings = parseSettings(args, signal)
  if (settings === 'help') {
    console.log(HELP)
    return 0
  }
  if (settings.install) {
    const peers = settings.servers.map((name) => PROGRAM_OF[name])
    installPrograms([
      'cc',
      'taskset',
      'openssl',
      ...peers.filter((program) => program !== undefined),
    ])
  }
  let met = true
  for (const measure of MEASURES[settings.command]) {
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
