import { type AppendFile, openAppendFile } from './append-file.ts'
import { type Chain, lengthened, newChain } from './audit-chain.ts'
import { type Head, type HeadFile, makeHead, readHeads } from './audit-head.ts'
import type { AuditEntry } from './audit-line.ts'
import type { SealKey } from './audit-seal.ts'

/** An audit file all of whose lines are links of a chain. */
export interface ChainedFile extends Disposable {
  /** Appends whole lines, each with its newline. */
  append(lines: string): Recorded
  /** Whether the path names another file than the one that is open. */
  isElsewhere(): boolean
  /** Opens the path anew, and begins another chain if it is another file; throws and keeps the old one if that fails. */
  reopen(): void
}

/** What became of lines. */
export interface Recorded {
  /** How many of them do not stand in the file. */
  readonly lost: number
  readonly error?: unknown
}

/** What a file of chains is made with. */
export interface ChainedFileNeeds {
  readonly file: string
  /** Asked at the beginning of each chain. */
  readonly sealKey: () => SealKey
  /** The text of a line of the chain's own, its newline included. */
  readonly lineOf: (entry: AuditEntry) => string
  /** Told when it could not be kept or read how far a chain got. */
  readonly onHeadError: (error: unknown) => void
}

/**
 * Opens the file. A chain is of one process and one file, so that a file tells by itself what is missing in it.
 * It begins with the first line that is written. One whose lines cannot be written is over: the next
 * one says how many were lost.
 */
export function openChainedFile(needs: ChainedFileNeeds): ChainedFile {
  const { file, lineOf } = needs
  const target = openAppendFile(file)
  const head = headFor(needs)
  let open: Chain | undefined
  let previous: Head | undefined
  let lost = 0
  // Its own last one is named from memory: it may be gone with its head already.
  const before = (): readonly Head[] => [
    ...(previous === undefined ? [] : [previous]),
    ...head.others().filter(({ chain }) => chain !== previous?.chain),
  ]
  const preface = ({ n, kid, after }: Chain): string => {
    if (n > 0) return ''
    const began = lineOf({ event: 'chain-began', kid, after })
    return lost === 0 ? began : began + lineOf({ event: 'lines-lost', count: lost })
  }
  const append = (lines: string): Recorded => {
    const chain = open ?? newChain(needs.sealKey(), before())
    if (chain.n === 0 && target.isRegular()) head.prepare(chain)
    const first = linesOf(preface(chain))
    const own = linesOf(lines)
    const { chain: now, error } = appendTo(target, chain, [...first, ...own])
    head.write(now)
    if (now.n > 0) previous = { chain: now.id, n: now.n, kept: now.kept }
    // Of one without lines nobody knows.
    open = error === undefined || now.n === 0 ? now : undefined
    if (open === undefined) head.leave()
    const standing = Math.max(0, now.n - chain.n - first.length)
    const missing = own.length - standing
    const isDeclared = now.n - chain.n >= first.length
    lost = (isDeclared ? 0 : lost) + missing
    return { lost: missing, ...(error !== undefined && { error }) }
  }
  const end = (): void => {
    if (open !== undefined && open.n > 0) append(lineOf({ event: 'chain-ended' }))
    open = undefined
    head.leave()
  }
  return {
    append,
    isElsewhere: () => target.isElsewhere(),
    reopen() {
      if (target.isElsewhere()) end()
      target.reopen()
    },
    [Symbol.dispose]() {
      end()
      target.close()
    },
  }
}

/** The head of the chain that is open. */
interface OpenHead {
  /** Those of all chains that can be read: no line must be lost for the others. */
  others(): readonly Head[]
  /** Makes it, unless that is done. */
  prepare(chain: Chain): void
  write(chain: Chain): void
  leave(): void
}

function headFor({ file, onHeadError }: ChainedFileNeeds): OpenHead {
  let current: HeadFile | undefined
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      onHeadError(error)
    }
  }
  return {
    others() {
      let found: readonly Head[] = []
      attempt(() => (found = readHeads(file, (_, error) => onHeadError(error))))
      return found
    },
    prepare: ({ id }) => attempt(() => (current ??= makeHead(file, id))),
    write: ({ n, kept }) => attempt(() => n > 0 && current?.write(n, kept)),
    leave() {
      attempt(() => current?.[Symbol.dispose]())
      current = undefined
    },
  }
}

/** Appends lines to file and chain: as many as stand there whole. */
function appendTo(
  target: AppendFile,
  chain: Chain,
  lines: readonly string[],
): { readonly chain: Chain; readonly error?: unknown } {
  const next = lengthened(chain, lines)
  const { bytes, error } = target.append(next.bytes)
  if (error === undefined) return { chain: next.chain }
  const whole = next.bytes.toString('latin1', 0, bytes).split('\n').length - 1
  return { chain: lengthened(chain, lines.slice(0, whole)).chain, error }
}

/** JSON holds no newline. */
function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}
