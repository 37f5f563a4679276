/** A field as Node.js hands it over. */
export type Field = string | readonly string[] | undefined

/** The values of structured fields (RFC 9651 §3.3) that the protocol uses; others are nothing. */
export type Value = number | boolean | Buffer | undefined

const KEY = '[a-z*][a-z\\d_.*-]*'
const INTEGER = '-?\\d{1,15}'
const BYTES = ':[A-Za-z\\d+/]*={0,2}:'
const STRING = '"(?:[ !#-\\[\\]-~]|\\\\["\\\\])*"'
const TOKEN = "[A-Za-z*][!#$%&'*+.^_`|~\\w:/-]*"
const BARE = `-?\\d{1,12}\\.\\d{1,3}|${INTEGER}|\\?[01]|${BYTES}|${STRING}|${TOKEN}|@${INTEGER}`
const PARAMETERS = `(?:; *${KEY}(?:=(?:${BARE}))?)*`

const ITEM = new RegExp(`^ *(?<bare>${BARE})${PARAMETERS} *$`, 'u')
const MEMBER = new RegExp(
  `(?<key>${KEY})(?:=(?<bare>${BARE}))?${PARAMETERS}[ \\t]*(?<more>,[ \\t]*(?!$)|$)`,
  'uy',
)

/** The integer (RFC 9651 §3.3.1) that a field holds; nothing if it holds none: such a field is ignored. */
export function integerIn(field: Field): number | undefined {
  const value = itemIn(field)
  return typeof value === 'number' ? value : undefined
}

/** The Boolean (RFC 9651 §3.3.6) that a field holds; nothing if it holds none. */
export function booleanIn(field: Field): boolean | undefined {
  const value = itemIn(field)
  return typeof value === 'boolean' ? value : undefined
}

/**
 * The dictionary (RFC 9651 §3.2) that a field holds; an empty one if it holds none. Dictionaries
 * with inner lists are none: no field of the protocol has them.
 */
export function dictionaryIn(field: Field): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>()
  const text = typeof field === 'string' ? field.trim() : ''
  let at = 0
  while (at < text.length) {
    MEMBER.lastIndex = at
    const { key, bare, more } = MEMBER.exec(text)?.groups ?? {}
    if (key === undefined) return new Map()
    members.set(key, bare === undefined ? true : valueOf(bare))
    if (more === '') break
    at = MEMBER.lastIndex
  }
  return members
}

function itemIn(field: Field): Value {
  const { bare } = (typeof field === 'string' ? ITEM.exec(field)?.groups : undefined) ?? {}
  return bare === undefined ? undefined : valueOf(bare)
}

const WHOLE_INTEGER = new RegExp(`^${INTEGER}$`, 'u')

function valueOf(bare: string): Value {
  if (WHOLE_INTEGER.test(bare)) return Number(bare)
  if (bare.startsWith('?')) return bare === '?1'
  return bare.startsWith(':') ? Buffer.from(bare.slice(1, -1), 'base64') : undefined
}
