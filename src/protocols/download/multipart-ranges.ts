import type { ByteRange } from '../../core/bytes.ts'
import { contentRange } from './byte-ranges.ts'

/** One part: the bytes in front of it and the range of the file it holds. */
export interface RangePart {
  readonly opening: Uint8Array
  readonly range: ByteRange
}

/** A `multipart/byteranges` body (RFC 9110 §14.6), its file bytes left out. */
export interface MultipartRanges {
  readonly contentType: string
  /** Exact length of the body in bytes. */
  readonly length: number
  readonly parts: readonly RangePart[]
  readonly closing: Uint8Array
}

/** Lays out the body; `boundary` must not occur in the file, so it is to be random. */
export function multipartRanges(
  ranges: readonly ByteRange[],
  file: { size: number; contentType: string; boundary: string },
): MultipartRanges {
  const parts = ranges.map((range, index) => {
    const lines = [
      `${index === 0 ? '' : '\r\n'}--${file.boundary}`,
      `Content-Type: ${file.contentType}`,
      `Content-Range: ${contentRange(range, file.size)}`,
    ]
    return { opening: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), range }
  })
  const closing = Buffer.from(`\r\n--${file.boundary}--\r\n`, 'latin1')
  const length = parts.reduce((sum, part) => sum + lengthOf(part), closing.length)
  return {
    contentType: `multipart/byteranges; boundary=${file.boundary}`,
    length,
    parts,
    closing,
  }
}

function lengthOf({ opening, range }: RangePart): number {
  return opening.length + range.end - range.start
}
