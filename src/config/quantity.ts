import { BadValue } from './option.ts'

const SIZES = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

const DURATIONS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses `100 MiB` (1024), `5MB` (1000) or a plain number of bytes. */
export function parseSize(raw: unknown): number {
  return parseQuantity(raw, SIZES)
}

/** Parses `30s`, `4 h` or `0` to milliseconds. A number without a unit is refused: it could mean either. */
export function parseDuration(raw: unknown): number {
  if (typeof raw === 'number' && raw !== 0) {
    throw new BadValue('a duration needs a unit', { remedy: `write "${raw}s" for seconds` })
  }
  const bare = typeof raw === 'string' && /^\s*\d+\s*$/u.test(raw)
  if (bare && Number(raw) !== 0) {
    throw new BadValue('a duration needs a unit', { remedy: `write "${raw.trim()}s" for seconds` })
  }
  return parseQuantity(raw, DURATIONS)
}

/** Writes bytes with the largest binary unit that leaves a whole number. */
export function showSize(bytes: number): string {
  return showQuantity(bytes, ['TiB', 'GiB', 'MiB', 'KiB', 'B'], SIZES)
}

/** Writes milliseconds with the largest unit that leaves a whole number. */
export function showDuration(milliseconds: number): string {
  return showQuantity(milliseconds, ['d', 'h', 'm', 's', 'ms'], DURATIONS).replace(' ', '')
}

type Units = Readonly<Record<string, number>>

function parseQuantity(raw: unknown, units: Units): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/u.exec(textOf(raw)) ?? []
  if (digits === undefined || unit === undefined) throw new BadValue('this is not an amount')
  const factor = unit === '' ? 1 : Object.hasOwn(units, unit) ? units[unit] : undefined
  if (factor === undefined) throw new BadValue(`"${unit}" is not a unit`)
  const amount = Number(digits) * factor
  if (!Number.isSafeInteger(amount)) throw new BadValue('this is not a whole amount')
  return amount
}

function textOf(raw: unknown): string {
  return typeof raw === 'string' || typeof raw === 'number' ? String(raw) : ''
}

function showQuantity(amount: number, names: readonly string[], units: Units): string {
  if (amount === 0) return '0'
  const name = names.find((candidate) => amount % (units[candidate] ?? 1) === 0) ?? ''
  return `${amount / (units[name] ?? 1)} ${name}`
}
