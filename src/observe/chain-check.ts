import type { AuditFault, AuditFaultKind } from './audit-fault.ts'
import type { Head } from './audit-head.ts'
import { BEFORE_FIRST, type SealKey, type Sealer, sealer } from './audit-seal.ts'
import { chainGaps } from './chain-gaps.ts'
import type { Place, PlacedLine } from './placed-line.ts'

/** The check of one chain, line by line; its memory does not grow with the lines. */
export interface ChainCheck {
  /** Where its last line stands that was seen. */
  readonly end: Place | undefined
  /** Whether it was closed by the process that wrote it. */
  readonly ended: boolean
  /** Takes the next line; says whether it is proved to be what was sealed. */
  take(line: PlacedLine): boolean
  /** Says what is missing between the lines, and behind them if the chain has so many. */
  finish(wanted: number): void
}

/** What a check is made with. */
export interface ChainCheckNeeds {
  readonly chain: string
  /** Nothing if there is no such key. */
  readonly keyOf: (kid: string) => SealKey | undefined
  /** How far the chain got before anything was read. */
  readonly head: Head | undefined
  readonly onFault: (fault: AuditFault) => void
}

/** Starts the check of a chain. */
export function chainCheck(needs: ChainCheckNeeds): ChainCheck {
  const { chain, head, onFault } = needs
  const seals = sealCheck(needs.keyOf)
  const gaps = chainGaps()
  let last = 0
  let end: Place | undefined
  let ended = false
  const tell = (kind: AuditFaultKind, { file, line }: PlacedLine, text: string): false => {
    onFault({ kind, file, line, chain, text })
    return false
  }
  const follow = (line: PlacedLine): boolean => {
    last = line.n
    const { kept, fault } = seals.take(line)
    if (fault !== undefined) return tell(fault.kind, line, fault.text)
    if (kept === undefined) return false
    if (line.n !== head?.n || kept === head.kept) return true
    return tell('no-head', line, 'the head of its chain is not what was written')
  }
  const skip = (line: PlacedLine): false => {
    const isKept = gaps.add({ from: last + 1, until: line.n - 1, before: line })
    if (!isKept) tell('removed', line, missing(last + 1, line.n - 1))
    seals.skipTo(line)
    last = line.n
    return false
  }
  return {
    get end() {
      return end
    },
    get ended() {
      return ended
    },
    take(line) {
      if (line.n > last) {
        if (ended) tell('inserted', line, 'its chain was closed before it')
        ended ||= line.event === 'chain-ended'
        end = { file: line.file, line: line.line }
        return line.n === last + 1 ? follow(line) : skip(line)
      }
      return gaps.fill(line.n)
        ? tell('reordered', line, `line ${line.n} of its chain stands after line ${last}`)
        : tell('inserted', line, `there is a line ${line.n} of its chain already`)
    },
    finish(wanted) {
      for (const { from, until, before } of gaps.left) {
        tell('removed', before, missing(from, until))
      }
      const fault = faultAtEnd({ last, wanted })
      if (fault !== undefined) onFault({ ...fault, ...end, chain })
    },
  }
}

function faultAtEnd(chain: {
  readonly last: number
  readonly wanted: number
}): Pick<AuditFault, 'kind' | 'text'> | undefined {
  const { last, wanted } = chain
  if (wanted === Infinity) return { kind: 'no-head', text: 'its head is damaged' }
  if (wanted <= last) return undefined
  return { kind: 'truncated', text: `${missing(last + 1, wanted)} at its end` }
}

/** What the seal of a line comes to: it is right and keeps this, it is wrong, or nothing can be said. */
interface SealVerdict {
  readonly kept?: string
  readonly fault?: Pick<AuditFault, 'kind' | 'text'>
}

/** The check of the seals of a chain, each of which covers the one before. */
function sealCheck(keyOf: ChainCheckNeeds['keyOf']): {
  take(line: PlacedLine): SealVerdict
  /** Goes on at a line whose predecessor is not there. */
  skipTo(line: PlacedLine): void
} {
  let own: Sealer | undefined
  /** What the line before may have shown: as it stands there, and as it should. */
  let shown: readonly string[] = [BEFORE_FIRST]
  const begin = ({ kid }: PlacedLine): SealVerdict => {
    if (kid === undefined) {
      return { fault: { kind: 'inserted', text: 'a chain does not begin so' } }
    }
    const key = keyOf(kid)
    if (key !== undefined) own = sealer(key)
    const text = `the master key ${kid} is not there: its chain proves nothing`
    return key === undefined ? { fault: { kind: 'unknown-key', text } } : {}
  }
  return {
    take(line) {
      const begun = line.n === 1 ? begin(line) : {}
      const seals = shown.flatMap((before) => own?.seal(before, line.covered) ?? [])
      const right = seals.find((one) => one.shown === line.shown)
      shown = [line.shown]
      if (right !== undefined) return { kept: right.kept }
      shown = [line.shown, ...seals.map((one) => one.shown)]
      if (own === undefined) return begun
      return { fault: { kind: 'edited', text: 'this is not what was sealed' } }
    },
    skipTo(line) {
      shown = [line.shown]
    },
  }
}

function missing(from: number, until: number): string {
  return from === until
    ? `line ${from} of its chain is missing`
    : `lines ${from} to ${until} of its chain are missing`
}
