const HIDDEN = '[redacted]'

/**
 * What no line may hold, and what stands there instead. Applied to JSON text, so no rule crosses a quote.
 * Strangers choose what is logged: every rule takes time that is linear in the line.
 */
export const RULES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
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

/** What every match of {@link RULES} holds; the two that need letters of either case, word by word. */
const MARKS = ['=', '?', '-/', 'eyJ']
const MARKED =
  /"(?:authorization|cookie|password|secret|token|mac|v|v2|v3|x-session-key|dpop)":"|\b(?:Bearer|Basic|DPoP|HMAC-Challenge)\s/iu

/** Where a JID's host stands (RFC 7622 §3.2), looked for right behind an `@`. */
const HOST = /[\w-]+\.[\w.-]*\w/uy

/** What a JID's local part cannot hold (RFC 7622 §3.3.1) or what stands before it in a log line. */
const AROUND_JIDS = '@ "/\\<>:,;='

/**
 * Takes credentials, query strings, upload resources, capabilities and the local parts of JIDs out
 * of a log line. The last station of every line, so that no caller can forget it; valid JSON stays so.
 */
export function redact(line: string): string {
  const masked = maskJids(line)
  // Most lines hold nothing of the kind, and to see that is much cheaper than to try every rule.
  if (!MARKS.some((mark) => masked.includes(mark)) && !MARKED.test(masked)) return masked
  return RULES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), masked)
}

/** By its `@` signs, not by one pattern: that would try every position of every line. */
function maskJids(line: string): string {
  let text = ''
  let done = 0
  for (let at = line.indexOf('@'); at !== -1; at = line.indexOf('@', at + 1)) {
    const start = startOfLocal(line, at)
    if (start === at || !isHostAt(line, at + 1)) continue
    const first = String.fromCodePoint(line.codePointAt(start) ?? 0)
    text += `${line.slice(done, start)}${first}…`
    done = at
  }
  return done === 0 ? line : text + line.slice(done)
}

function startOfLocal(line: string, at: number): number {
  let start = at
  while (start > 0 && !AROUND_JIDS.includes(line.charAt(start - 1))) start -= 1
  return start
}

function isHostAt(line: string, position: number): boolean {
  HOST.lastIndex = position
  return HOST.test(line)
}
