import { create } from 'content-disposition'
import type { SlotPath } from '../../core/slot-path.ts'

/** Types a browser shows without running anything in them: SVG, PDF, XML and HTML are not among them. */
const INLINE = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[^;]+|video\/[^;]+|text\/plain)$/u

/**
 * `Content-Disposition` (RFC 6266) of a file served as `type`: `inline` only for types that
 * cannot carry a script, with the path's last segment as the name to save it under.
 */
export function dispositionOf(path: SlotPath, type: string): string {
  const [essence = ''] = type.split(';', 1)
  const inline = INLINE.test(essence.trim().toLowerCase())
  return create(path.slice(path.lastIndexOf('/') + 1), { type: inline ? 'inline' : 'attachment' })
}
