import { create } from 'content-disposition'
import type { SlotPath } from '../../core/slot-path.ts'

const OCTET_STREAM = 'application/octet-stream'

/** RFC 9110 §8.3.1; every repetition starts with another character than it ends with, so it is linear. */
const MEDIA_TYPE =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[\t ]*;(?:[\t ]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t \u0021\u0023-\u005b\u005d-\u007e]|\\[\t -~])*"))?)*$/u

/** Types a browser shows without running anything in them: SVG, PDF, XML and HTML are not among them. */
const INLINE = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[^;]+|video\/[^;]+|text\/plain)$/u

/** The type to serve: the stored one, unless it is none by RFC 9110. */
export function servedType(stored: string): string {
  return MEDIA_TYPE.test(stored) ? stored : OCTET_STREAM
}

/**
 * `Content-Disposition` (RFC 6266) of a file served as `type`: `inline` only for types that
 * cannot carry a script, with the path's last segment as the name to save it under.
 */
export function dispositionOf(path: SlotPath, type: string): string {
  const [essence = ''] = type.split(';', 1)
  const inline = INLINE.test(essence.trim().toLowerCase())
  return create(path.slice(path.lastIndexOf('/') + 1), { type: inline ? 'inline' : 'attachment' })
}
