import { isUtf8 } from 'node:buffer'
import { isJsonObject } from '../core/json-object.ts'
import type { AuditFault } from './audit-fault.ts'
import { type SealKey, readSealed } from './audit-seal.ts'
import { type ChainCheck, chainCheck } from './chain-check.ts'
import { type ChainNews, chainNews } from './chain-news.ts'
import { chainOrder } from './chain-order.ts'
import type { Place } from './placed-line.ts'
import { LINE_BEGIN, OPENING, tornPieces } from './torn-pieces.ts'
import type { TrailHeads } from './trail-heads.ts'

/** What was found in a trail. */
export interface TrailSummary {
  readonly lines: number
  readonly chains: number
  /** Chains that no process closed: it was killed, or still runs. */
  readonly open: number
  /** Pieces of lines that a crash or a full disk left. */
  readonly torn: number
  /** Lines that the server itself says are lost. */
  readonly lost: number
  /** Chains that the server removed when they were old enough. */
  readonly retired: number
  /** Chains that are not here, if that is no fault. */
  readonly absent: number
  /** The earliest and the latest time of a line. */
  readonly from: string | undefined
  readonly until: string | undefined
}

/** The check of all lines of a trail. */
export interface TrailCheck {
  /** Takes the next line, without its newline. */
  take(bytes: Buffer, place: Place): void
  finish(): TrailSummary
}

/** What a check is made with. */
export interface TrailCheckNeeds {
  /** Nothing if there is no such key. */
  readonly keyOf: (kid: string) => SealKey | undefined
  /** How far each chain got, read before the lines; nothing if only some files are looked at. */
  readonly heads: TrailHeads | undefined
  /** Whether it is no fault that a whole chain is not there. */
  readonly isPartial: boolean
  readonly onFault: (fault: AuditFault) => void
}

/** Lines that tell of chains, and are read as a whole. */
const OF_CHAINS = /^(?:chain-|lines-)/u

/** Starts the check of a trail; memory is for its chains, not for its lines. */
export function trailCheck(needs: TrailCheckNeeds): TrailCheck {
  const { keyOf, heads, onFault } = needs
  const chains = new Map<string, ChainCheck>()
  const told = chainNews()
  const order = chainOrder(onFault)
  const torn = tornPieces()
  let lines = 0
  const span = timeSpan()

  const checkOf = (chain: string): ChainCheck => {
    const known = chains.get(chain)
    if (known !== undefined) return known
    const made = chainCheck({ chain, keyOf, head: heads?.read.get(chain), onFault })
    chains.set(chain, made)
    return made
  }
  const unsealed = (text: string, place: Place): void => {
    if (text.endsWith('}')) onFault({ kind: 'inserted', ...place, text: 'it is not sealed' })
    else torn.add(text, place)
  }
  const takeText = (text: string, place: Place): void => {
    const line = readSealed(text)
    if (line === undefined) return unsealed(text, place)
    const { time, event = '' } = OPENING.exec(text)?.groups ?? {}
    if (time !== undefined) span.take(time)
    const fields = line.n === 1 || OF_CHAINS.test(event) ? fieldsOf(text) : {}
    const kid = textIn(fields, 'kid')
    const placed = { ...line, ...place, event, kid }
    if (!checkOf(line.chain).take(placed)) return
    told.take(event, fields)
    order.take(placed, textIn(fields, 'after'))
  }
  return {
    take(bytes, place) {
      if (bytes.length === 0) return
      lines += 1
      if (!isUtf8(bytes)) return onFault({ kind: 'edited', ...place, text: 'it is no text' })
      const text = bytes.toString()
      // Half a line of a process that was killed stands before what another one wrote next.
      const start = Math.max(0, text.lastIndexOf(LINE_BEGIN))
      if (start > 0) torn.add(text.slice(0, start), place)
      takeText(text.slice(start), place)
    },
    finish() {
      finishChains(chains, { ...needs, told })
      const absent = countAbsent(chains, { ...needs, told })
      const open = [...chains.values()].filter(({ ended }) => !ended)
      for (const { file, line } of torn.unexplained(open.flatMap(({ end }) => end ?? []))) {
        onFault({ kind: 'inserted', file, line, text: 'no crash has left this' })
      }
      const found = { lines, chains: chains.size, open: open.length, torn: torn.count }
      const { lost, removed } = told
      return { ...found, lost, retired: removed.size, absent, ...span.found() }
    },
  }
}

/** The earliest and the latest of times in ISO 8601: clocks are set back, and files have any order. */
function timeSpan(): {
  take(time: string): void
  found(): Pick<TrailSummary, 'from' | 'until'>
} {
  let [from, until]: (string | undefined)[] = []
  return {
    take(time) {
      if (from === undefined || time < from) from = time
      if (until === undefined || time > until) until = time
    },
    found: () => ({ from, until }),
  }
}

type Chains = ReadonlyMap<string, ChainCheck>
type Told = TrailCheckNeeds & { readonly told: ChainNews }

/** Compares the end of each chain with what its head and later chains say. */
function finishChains(chains: Chains, { heads, told, onFault }: Told): void {
  const lengths = lengthsOf(heads, told)
  for (const [chain, check] of chains) {
    check.finish(lengths.get(chain) ?? 0)
    if (heads === undefined || told.removed.has(chain) || heads.has(chain)) continue
    onFault({ kind: 'no-head', ...check.end, chain, text: 'nothing tells how many lines it has' })
  }
}

/** Counts chains that are not there although the server did not remove them. */
function countAbsent(chains: Chains, { heads, isPartial, told, onFault }: Told): number {
  let absent = 0
  for (const [chain, n] of lengthsOf(heads, told)) {
    if (n === 0 || chains.has(chain) || told.removed.has(chain)) continue
    absent += 1
    const text = `a chain of ${n === Infinity ? 'unknown length' : `${n} lines or more`} is not there`
    if (!isPartial) onFault({ kind: 'removed', chain, text })
  }
  return absent
}

/** How many lines each chain has at least. */
function lengthsOf(heads: TrailCheckNeeds['heads'], { named }: ChainNews): Map<string, number> {
  const lengths = new Map(named)
  for (const { chain, n } of heads?.read.values() ?? [])
    lengths.set(chain, Math.max(n, lengths.get(chain) ?? 0))
  return lengths
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return isJsonObject(parsed) ? parsed : {}
  } catch {
    return {} // Its seal cannot be right either.
  }
}

function textIn(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' ? value : undefined
}
