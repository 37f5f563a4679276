/** DEL, the controls of ISO 8859-1, letters that are not seen, line ends of Unicode: JSON allows them as they are. */
const UNFIT = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu

/** JSON (RFC 8259) in which nothing is left that a terminal would obey or hide; `indent`: spaces for each level. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(UNFIT, escaped)
}

/** RFC 8259 §7. */
function escaped(letter: string): string {
  return letter
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
