const HIDDEN = '[redacted]'

/** What no line may hold, and what stands there instead. Applied to JSON text, so no rule crosses a quote. */
const RULES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Fields that hold a credential, whoever logged them.
  [
    /"(authorization|cookie|password|secret|token|mac|v|v2|v3|x-session-key|dpop)":"(?:[^"\\]|\\.)*"/giu,
    `"$1":"${HIDDEN}"`,
  ],
  [/\b(Bearer|Basic|DPoP|HMAC-Challenge)\s+[^\s"\\]+/giu, `$1 ${HIDDEN}`],
  // A JWT (RFC 7519): its header always begins with `{"`.
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/gu, HIDDEN],
  [/\?[^\s"\\]*=[^\s"\\]*/gu, '?…'],
  [/\b(v|v2|v3|token|secret)=[^\s"\\&]+/giu, `$1=${HIDDEN}`],
  // Whoever knows an upload resource or a capability may use it.
  [/(?<![^\s"/])-\/(uploads|put)\/[^\s"\\/?]+/gu, '-/$1/…'],
  // A JID's local part; anchored at its first character, so that long texts cost linear time.
  [/(?<![^\s"@/\\<>:,;=])([^\s"@/\\<>:,;=])[^\s"@/\\<>:,;=]*@(?=[\w-]+\.[\w.-]*\w)/gu, '$1…@'],
]

/**
 * Takes credentials, query strings, upload resources, capabilities and the local parts of JIDs out
 * of a log line. The last station of every line, so that no caller can forget it; valid JSON stays so.
 */
export function redact(line: string): string {
  return RULES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line)
}
