import { resolve } from 'node:path'
import { BadValue, type Option, type Row } from './option.ts'
import { parseDuration, parseSize, showDuration, showSize } from './quantity.ts'

interface Bounds {
  readonly min?: string
  readonly max?: string
}

/** One of a few words. */
export function choice<const W extends string>(
  words: readonly W[],
  row: Row<W> & { readonly default: W },
): Option<W> {
  return {
    ...plain(row),
    allowed: words.map((word) => JSON.stringify(word)).join(', '),
    parse: (raw) => {
      const word = words.find((candidate) => candidate === raw)
      if (word === undefined) throw new BadValue('this is not one of the choices')
      return word
    },
    show: (value) => value,
  }
}

/** Yes or no. */
export function toggle(row: Row<boolean>): Option<boolean> {
  return {
    ...plain(row),
    allowed: 'true or false',
    parse: (raw) => {
      // The environment and flags know texts only.
      if (raw === true || raw === 'true') return true
      if (raw === false || raw === 'false') return false
      throw new BadValue('this is neither true nor false')
    },
    show: (value) => value,
  }
}

/** Bytes, written as `100 MiB`. */
export function size(row: Row<string> & Bounds): Option<number> {
  return {
    ...plain(row),
    allowed: `a size such as "100 MiB" or "5 GB"${boundsText(row)}`,
    parse: (raw) => bounded(parseSize(raw), { row, parse: parseSize }),
    show: showSize,
  }
}

/** Milliseconds, written as `30s`. Where `zero` says what it means, 0 is allowed whatever the bounds. */
export function duration(row: Row<string> & Bounds & { readonly zero?: string }): Option<number> {
  const orZero = row.zero === undefined ? '' : `, or "0" for ${row.zero}`
  return {
    ...plain(row),
    allowed: `a duration in ms, s, m, h or d such as "30s"${boundsText(row)}${orZero}`,
    parse: (raw) => {
      const length = parseDuration(raw)
      if (length === 0 && row.zero !== undefined) return length
      return bounded(length, { row, parse: parseDuration })
    },
    show: showDuration,
  }
}

/** A whole number. */
export function integer(
  row: Row<number> & { readonly min: number; readonly max: number },
): Option<number> {
  return {
    ...plain(row),
    allowed: `a whole number from ${row.min} to ${row.max}`,
    parse: (raw) => {
      const value = typeof raw === 'string' && /^\d{1,15}$/u.test(raw) ? Number(raw) : raw
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
        throw new BadValue('this is not a whole number')
      }
      if (value < row.min) throw new BadValue('this is too small')
      if (value > row.max) throw new BadValue('this is too large')
      return value
    },
    show: (value) => value,
  }
}

/** A file or folder, made absolute. An empty text stays empty: it means off where that is allowed. */
export function path(row: Row<string> & { readonly empty?: string }): Option<string> {
  return {
    ...plain(row),
    allowed: row.empty === undefined ? 'a path' : `a path, or "" for ${row.empty}`,
    parse: (raw, place) => {
      const location = textFrom(raw)
      if (location === '' && row.empty !== undefined) return ''
      if (location === '') throw new BadValue('a path cannot be empty')
      return resolve(place.folder, location)
    },
    show: (value) => value,
  }
}

/** A text of a certain form. */
export function text(
  row: Row<string> & { readonly allowed: string; readonly pattern: RegExp },
): Option<string> {
  return {
    ...plain(row),
    allowed: row.allowed,
    parse: (raw) => {
      const value = textFrom(raw)
      if (!row.pattern.test(value)) throw new BadValue('this has another form')
      return value
    },
    show: (value) => value,
  }
}

/** A list of texts that `parse` accepts one by one; a single text is a list of one. */
export function list<T>(
  row: Row<readonly string[]> & {
    readonly allowed: string
    readonly parse: (text: string, folder: string) => T
    readonly show: (value: T) => string
  },
): Option<readonly T[]> {
  return {
    ...plain(row),
    list: true,
    allowed: row.allowed,
    parse: (raw, place) => textsFrom(raw).map((entry) => row.parse(entry, place.folder)),
    show: (values) => values.map((value) => row.show(value)),
  }
}

/** What every kind that is neither a list nor a secret has in common. */
export function plain(
  row: Row<unknown>,
): Pick<Option<unknown>, 'help' | 'fallback' | 'example' | 'list' | 'secret' | 'reload'> {
  const { help, default: fallback, reload = false } = row
  return { help, fallback, example: fallback, list: false, secret: false, reload }
}

/** The text itself; anything else is refused. */
export function textFrom(raw: unknown): string {
  if (typeof raw !== 'string')
    throw new BadValue('this is not a text', { remedy: 'put it in quotes' })
  return raw
}

function textsFrom(raw: unknown): string[] {
  if (raw === '') return []
  return (Array.isArray(raw) ? raw : [raw]).map((entry) => textFrom(entry))
}

function bounded(
  value: number,
  { row, parse }: { row: Bounds; parse: (raw: string) => number },
): number {
  if (row.min !== undefined && value < parse(row.min)) throw new BadValue('this is too small')
  if (row.max !== undefined && value > parse(row.max)) throw new BadValue('this is too large')
  return value
}

function boundsText({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return `, from ${min} to ${max}`
  if (min !== undefined) return `, at least ${min}`
  return max === undefined ? '' : `, at most ${max}`
}
