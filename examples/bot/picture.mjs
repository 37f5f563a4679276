import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

/** Fields of the pattern on each side, and pixels of each field. */
const FIELDS = 8
const SCALE = 24

/** A picture (PNG) that is the same for the same text: a pattern as symmetrical as a face. */
export function pictureOf(text) {
  const [red, green, blue, ...pattern] = createHash('sha256').update(text).digest()
  const colour = [red, green, blue]
  const side = FIELDS * SCALE
  const places = Array.from({ length: side }, (_, place) => place)
  const rows = places.map((y) => {
    const pixels = places.map((x) => {
      const [column, row] = [Math.floor(x / SCALE), Math.floor(y / SCALE)]
      const mirrored = Math.min(column, FIELDS - 1 - column)
      return pattern[row] & (1 << mirrored) ? colour : [255, 255, 255]
    })
    // Each row begins with its filter: none.
    return [0, ...pixels.flat()]
  })
  return png(side, Buffer.from(rows.flat()))
}

/** RFC 2083, 8 bits each of red, green and blue. */
function png(side, bytes) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 2], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(bytes)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type, content) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const frame = Buffer.alloc(8 + body.length)
  frame.writeUInt32BE(content.length, 0)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc32(body), 4 + body.length)
  return frame
}
