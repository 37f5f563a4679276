import path from 'node:path'
import { parseArgs } from 'node:util'
import { PEERS, type PeerName } from './contest.ts'
import { CUTS } from './cuts.ts'
import { TRICKLE } from './trickle.ts'
import { WORKLOADS } from './workloads.ts'

/** All loads of `speed`. */
const LOADS = [...WORKLOADS, TRICKLE, CUTS]

export const HELP = `npm run bench -- [COMMAND] [options]

  speed      throughput beside other servers (what runs without a word)
  takeover   how fast a second connection takes a dead one's upload over
  slow       a thousand trickled uploads at once, and memory against file size
  micro      single steps of a request's way: suspicion, proof, grants, heads, hashes, SQLite
  anomaly    what unusual requests of simulated attackers and commuters are found, by two methods
  audit      what an event of the audit trail costs: its line, its seal, writing it
  timing     whether the time of a refusal tells a stranger of sessions and MACs
  sweep      small uploads right after 20 000 files have expired
  workers    small uploads to servers of one and of two processes
  choices    what fsync, audit trail, anomalies, TLS and a proxy in front do to the speed
  growth     what a session, an unfinished upload, a file and a user cost, up to a million of them
  all        all of them

  --rounds N          rounds of speed, sweep and workers (5), choices (4), takeover (200), micro (5) or audit (20)
  --workloads W1,W2   ${LOADS.map(({ name, title }) => `${name} ${title}`).join('\n                      ')}
  --servers a,b       of ${Object.keys(PEERS).join(', ')}
  --noise PERCENT     repeat a run with more foreign CPU than this share of a core (25)
  --seed N            schedule of takeover and timing, cuts of W7 (1)
  --workers           takeover by a server of two processes
  --profile           after speed, a CPU profile and a flame graph of our server for each workload
  --quick             small loads, one round; shows that it works, its numbers mean nothing
  --install           apt-get install what is missing (as root)
  --results FOLDER    where reports go (bench/results; with --quick nowhere)
`

const COMMANDS = [
  'speed',
  'takeover',
  'slow',
  'micro',
  'audit',
  'timing',
  'anomaly',
  'sweep',
  'workers',
  'choices',
  'growth',
  'all',
] as const

export type Command = (typeof COMMANDS)[number]

const RESULTS_FOLDER = path.join(import.meta.dirname, 'results')

/** The command line was wrong; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Settings {
  readonly command: Command
  readonly rounds: number | undefined
  readonly workloads: readonly string[]
  readonly servers: readonly PeerName[]
  readonly noiseLimit: number
  readonly seed: number
  readonly workers: number
  readonly profile: boolean
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

function isCommand(word: string): word is Command {
  return COMMANDS.some((command) => command === word)
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
  const names = LOADS.map((load) => load.name)
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
  profile: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  install: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** Reads the command line. Throws a `UsageError`, or a `TypeError` with a code for an unknown option. */
export function parseSettings(args: readonly string[], signal: AbortSignal): Settings | 'help' {
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
    profile: values.profile,
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
