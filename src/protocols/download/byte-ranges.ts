import type { ByteRange } from '../../core/bytes.ts'

/** What a `Range` field asks of a file. */
export type RangeChoice =
  /** No usable range: the whole file is the answer. */
  | { readonly kind: 'whole' }
  /** Every range lies beyond the file. */
  | { readonly kind: 'unsatisfiable' }
  /** At least one range, ascending, none touching another, none empty. */
  | { readonly kind: 'parts'; readonly parts: readonly [ByteRange, ...ByteRange[]] }

/** A field with so many ranges is an attack or a mistake and gets the whole file (RFC 9110 §14.2). */
const TOO_MANY_RANGES = 50

const WHOLE: RangeChoice = { kind: 'whole' }
const UNIT = /^bytes=/iu
const RANGE = /^(?:(?<first>\d+)-(?<last>\d*)|-(?<suffix>\d+))$/u

/**
 * Reads a `Range` field (RFC 9110 §14.1.2) for a file of `size` bytes. Overlapping and adjacent
 * ranges are made one. A field of another unit or a malformed one is ignored, as §14.2 allows;
 * so is any range of an empty file, which has no byte that a 206 could name.
 */
export function chooseRange(field: string, size: number): RangeChoice {
  if (size === 0 || !UNIT.test(field)) return WHOLE
  const members = field
    .slice('bytes='.length)
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
  if (members.length === 0 || members.length >= TOO_MANY_RANGES) return WHOLE
  const ranges = members.map((member) => parseRange(member, size))
  if (ranges.includes('malformed')) return WHOLE
  const [first, ...rest] = ascending(ranges)
  return first === undefined
    ? { kind: 'unsatisfiable' }
    : { kind: 'parts', parts: combine(first, rest) }
}

/** `bytes 0-9/100`: the inclusive form that `Content-Range` wants (RFC 9110 §14.4). */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end - 1}/${size}`
}

function parseRange(member: string, size: number): ByteRange | 'beyond' | 'malformed' {
  const { first, last, suffix } = RANGE.exec(member)?.groups ?? {}
  if (suffix !== undefined) return within({ start: Math.max(0, size - Number(suffix)), end: size })
  if (first === undefined) return 'malformed'
  if (last === undefined || last === '') return within({ start: Number(first), end: size })
  if (Number(last) < Number(first)) return 'malformed'
  return within({ start: Number(first), end: Math.min(size, Number(last) + 1) })
}

function within(range: ByteRange): ByteRange | 'beyond' {
  return range.start < range.end ? range : 'beyond'
}

function ascending(ranges: readonly (ByteRange | string)[]): ByteRange[] {
  return ranges
    .filter((range) => typeof range !== 'string')
    .toSorted((left, right) => left.start - right.start)
}

function combine(first: ByteRange, rest: readonly ByteRange[]): [ByteRange, ...ByteRange[]] {
  const done: ByteRange[] = []
  let current = first
  for (const range of rest) {
    if (range.start > current.end) {
      done.push(current)
      current = range
    } else if (range.end > current.end) {
      current = { start: current.start, end: range.end }
    }
  }
  const [head, ...tail] = [...done, current]
  return head === undefined ? [current] : [head, ...tail]
}
