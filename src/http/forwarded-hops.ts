const PAIR = /^\s*([!#$%&'*+.^_`|~\w-]+)=("(?:[^"\\]|\\.)*"|[^\s";,]+)\s*$/

/** A hop's address text, without port and brackets; nothing if the field does not tell it. */
export type Hop = string | undefined

/** The hops of `X-Forwarded-For`, nearest last. */
export function forwardedForHops(value: string): Hop[] {
  return value.split(',').map((entry) => nodeAddress(entry.trim()))
}

/** The `for` hops of `Forwarded` (RFC 7239 §4), nearest last. */
export function forwardedHops(value: string): Hop[] {
  return splitOutsideQuotes(value, ',').map(forOf)
}

function forOf(element: string): Hop {
  for (const pair of splitOutsideQuotes(element, ';')) {
    const [, name, text] = PAIR.exec(pair) ?? []
    if (name?.toLowerCase() === 'for' && text !== undefined) return nodeAddress(unquote(text))
  }
  return undefined
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text
}

/** `[2001:db8::1]:80`, `192.0.2.1:80`, or a bare address of either kind (RFC 7239 §6). */
function nodeAddress(text: string): Hop {
  const bracketed = /^\[([^\]]*)\](?::\w+)?$/.exec(text)
  if (bracketed !== null) return bracketed[1]
  const withPort = /^([\d.]+):\w+$/.exec(text)
  return withPort === null ? text : withPort[1]
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (quoted && sign === '\\') at += 1
    else if (sign === '"') quoted = !quoted
    else if (sign === separator && !quoted) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
