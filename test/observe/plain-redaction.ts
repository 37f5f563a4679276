const HIDDEN = '[redacted]'

/**
 * What no line may hold, and what stands there instead. Applied to JSON text, so no rule crosses a quote.
 * Strangers choose what is logged: every rule takes time that is linear in the line.
 */
const RULES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Fields that hold a credential, whoever logged them.
  [
    /"(authorization|cookie|password|secret|token|mac|v|v2|v3|x-session-key|dpop)":"(?:[^"\\]|\\.)*"/giu,
    `"$1":"${HIDDEN}"`,
  ],
  [/\b(Bearer|Basic|DPoP|HMAC-Challenge)\s+[^\s"\\]+/giu, `$1 ${HIDDEN}`],
  // A JWT (RFC 7519): its header always begins with `{"`. Tried at the start of a word only, once.
  [/(?<![\w-])(?=[\w-]*eyJ)[\w-]+\.[\w-]+\.[\w-]*/gu, HIDDEN],
  [/\?[^\s"\\?]*=[^\s"\\]*/gu, '?…'],
  [/\b(v|v2|v3|token|secret)=[^\s"\\&]+/giu, `$1=${HIDDEN}`],
  // Whoever knows an upload resource or a capability may use it.
  [/(?<![^\s"/])-\/(uploads|put)\/[^\s"\\/?]+/gu, '-/$1/…'],
]

const HOST_AHEAD = /^[\w-]+\.[\w.-]*\w/u

/** What a JID's local part cannot hold (RFC 7622 §3.3.1) or what stands before it in a log line. */
const AROUND_JIDS = ' "/\\<>:,;='

/** What `redact` does, the slow way: every rule is tried on every line. */
export function redactByEveryRule(line: string): string {
  return RULES.reduce(
    (text, [pattern, replacement]) => text.replace(pattern, replacement),
    maskJids(line),
  )
}

/** By its `@` signs, not by one pattern: that would try every position of every line. */
function maskJids(line: string): string {
  if (!line.includes('@')) return line
  const parts = line.split('@')
  return parts
    .map((part, index) => (HOST_AHEAD.test(parts[index + 1] ?? '') ? maskEnd(part) : part))
    .join('@')
}

function maskEnd(text: string): string {
  let start = text.length
  while (start > 0 && !AROUND_JIDS.includes(text.charAt(start - 1))) start -= 1
  const first = text.codePointAt(start)
  return first === undefined ? text : `${text.slice(0, start)}${String.fromCodePoint(first)}…`
}
