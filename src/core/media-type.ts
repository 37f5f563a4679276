/** The type of bytes that nothing is known about (RFC 2046 §4.5.1). */
export const OCTET_STREAM = 'application/octet-stream'

const TOKEN = "[!#$%&'*+.^_`|~\\dA-Za-z-]+"
const QUOTED = '"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*"'

/** RFC 9110 §8.3.1, ASCII only. Each blank fits one place of the pattern, so that no text makes it slow. */
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;(?:[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*[ \\t]*$`,
  'u',
)

/** The type if it is a valid one (RFC 9110 §8.3.1), else `application/octet-stream`. */
export function mediaTypeOr(text: string | undefined): string {
  return text !== undefined && MEDIA_TYPE.test(text) ? text : OCTET_STREAM
}
