import { setImmediate as turn } from 'node:timers/promises'
import { randomId } from '../src/core/random.ts'
import type { ShownProof } from '../src/proof/signed-request.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { type BenchedProofs, answerOf, benchedProofs, REQUEST } from './micro-proof.ts'
import { markdownTable } from './markdown-table.ts'
import { mean, quantile, seededRandom, welch } from './statistics.ts'

/**
 * Beyond it two samples are taken for different: as in the tests of cryptographic code for leaks (TVLA,
 * dudect), where one in a hundred thousand alike ones is.
 */
const LIMIT = 4.5

/** The slowest tenth is what the machine did meanwhile. */
const COUNTED = 0.9

const SESSIONS = 2048
const BETWEEN_TURNS = 1000

/** One of two kinds of requests that are compared; `known`: whether there is such a session. */
interface Side {
  readonly name: string
  readonly known: boolean
  /** What is shown instead of a right answer. */
  readonly spoil: (answer: string) => string
}

interface Comparison {
  readonly sides: readonly [Side, Side]
  /** Whether the sides have to be told apart, which shows that the method can. */
  readonly isControl: boolean
}

/** What was found of two kinds of requests. */
export interface TimingRow {
  readonly names: readonly [string, string]
  readonly isControl: boolean
  /** Means in microseconds. */
  readonly means: readonly [number, number]
  /** Welch's. */
  readonly t: number
}

export interface TimingOptions {
  /** Of each comparison, both sides together. */
  readonly samples: number
  readonly seed: number
  readonly signal: AbortSignal
}

/** A MAC of which one character, counted from the end, is another one. */
function otherAt(place: number): (answer: string) => string {
  return (answer) => {
    const at = answer.length - place
    const other = answer[at] === 'A' ? 'E' : 'A'
    const spoilt = `${answer.slice(0, at)}${other}${answer.slice(at + 1)}`
    // As the parser of HTTP gives it: what is made of pieces would be joined while it is timed.
    return Buffer.from(spoilt).toString('latin1')
  }
}

const FIRST = 43
const WRONG: Side = { name: 'wrong MAC', known: true, spoil: otherAt(FIRST) }

const COMPARISONS: readonly Comparison[] = [
  {
    sides: [WRONG, { name: 'unknown session', known: false, spoil: otherAt(FIRST) }],
    isControl: false,
  },
  {
    sides: [
      { ...WRONG, name: 'MAC wrong at its first byte' },
      { ...WRONG, name: 'at its last', spoil: otherAt(1) },
    ],
    isControl: false,
  },
  {
    sides: [WRONG, { name: 'MAC missing', known: true, spoil: (answer) => answer.slice(0, 50) }],
    isControl: true,
  },
]

/** Compares the times that refusals of two kinds take, for all that a stranger could compare. */
export async function measureTiming(options: TimingOptions): Promise<readonly TimingRow[]> {
  const rows: TimingRow[] = []
  for (const each of COMPARISONS) rows.push(await compare(each, options))
  return rows
}

/** Which side is next is drawn, so that whatever disturbs the machine disturbs both. */
async function compare(
  { sides, isControl }: Comparison,
  { samples, seed, signal }: TimingOptions,
): Promise<TimingRow> {
  const benched = await benchedProofs()
  const random = seededRandom(seed)
  const shown = Array.from({ length: SESSIONS }, () => rightAnswer(benched))
  const times: [number[], number[]] = [[], []]
  const warmUp = samples / 10
  for (let sample = -warmUp; sample < samples; sample += 1) {
    if (sample % BETWEEN_TURNS === 0) await turn(undefined, { signal })
    const side = random() < 0.5 ? 0 : 1
    const right = shown[Math.floor(random() * SESSIONS)]
    if (right === undefined) continue
    const answer = sides[side].spoil(right.answer ?? '')
    const time = await timeOf({ ...right, answer }, sides[side].known, benched)
    if (sample >= 0) times[side].push(time)
  }
  return rowOf(times, { sides, isControl })
}

function rowOf(times: readonly [number[], number[]], { sides, isControl }: Comparison): TimingRow {
  const longest = quantile(times.flat(), COUNTED)
  const [a, b] = [
    times[0].filter((time) => time <= longest),
    times[1].filter((time) => time <= longest),
  ]
  const names = [sides[0].name, sides[1].name] as const
  return { names, isControl, means: [mean(a), mean(b)], t: welch(a, b) }
}

function rightAnswer(benched: BenchedProofs): ShownProof {
  const sessionId = randomId(32)
  const key = benched.keys.sessionKey(benched.keys.kid, sessionId)
  return answerOf(sessionId, key ?? Buffer.alloc(0), benched)
}

/** Microseconds of a check as the server makes it: the key is derived for whatever session is named. */
async function timeOf(shown: ShownProof, known: boolean, benched: BenchedProofs): Promise<number> {
  const { keys, proofs } = benched
  const startedAt = process.hrtime.bigint()
  const key = keys.sessionKey(keys.kid, shown.sessionId ?? '')
  const { kind } = await proofs.checkAnswer(shown, REQUEST, known ? key : undefined)
  const time = Number(process.hrtime.bigint() - startedAt) / 1000
  if (kind !== 'refused') throw new Error('a spoilt answer proved something')
  return time
}

function isTold({ t }: TimingRow): boolean {
  return Math.abs(t) > LIMIT
}

/** Whether what must look alike does, to a method that sees what does not. */
export function timingHolds(rows: readonly TimingRow[]): boolean {
  return rows.length > 0 && rows.every((row) => isTold(row) === row.isControl)
}

/** The result as Markdown. */
export function timingMarkdown(
  rows: readonly TimingRow[],
  { samples, machine }: Pick<TimingOptions, 'samples'> & { readonly machine: MachineFacts },
): string {
  const table = markdownTable(
    ['', 'means µs', 't', 'told apart', 'demanded'],
    rows.map((row) => [
      row.names.join(' / '),
      row.means.map((time) => time.toFixed(3)).join(' / '),
      row.t.toFixed(2),
      isTold(row) ? 'yes' : 'no',
      row.isControl ? 'yes (control)' : 'no',
    ]),
  )
  return `# Timing of refusals

${describeMachine(machine)}.

${samples} refusals of each pair, of which kind next is drawn each time; the slowest tenth of all is left out. Welch's t; two
kinds are taken for different if it is beyond ±${LIMIT}. The control shows that the method tells kinds apart that take different work.

${table}
`
}
