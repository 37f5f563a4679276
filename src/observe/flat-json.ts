/** Characters that JSON escapes (RFC 8259 §7), and halves of a pair, which `JSON.stringify` escapes too. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/

/** What a flat object may hold; `undefined` is left out. */
type Flat = string | number | undefined

/**
 * Fields as JSON members, each with a comma before it: what `JSON.stringify` makes of them, several
 * times as fast. Names are written as they are, so they must be words of our own.
 */
export function jsonMembers<T extends Readonly<Partial<Record<keyof T, Flat>>>>(fields: T): string {
  let text = ''
  for (const name in fields) {
    const value: Flat = fields[name]
    if (typeof value === 'string') text += `,"${name}":${jsonString(value)}`
    else if (value !== undefined) text += `,"${name}":${jsonNumber(value)}`
  }
  return text
}

function jsonString(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null'
}
