import { crc32, deflateSync } from 'node:zlib'
import type { SeededRandom } from './seeded-random.ts'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** 8 bits a sample, greyscale, deflated, no interlacing (PNG 1.2 §11.2.2). */
const FORMAT = [8, 0, 0, 0, 0]

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** A greyscale PNG of noise: about as many bytes as it has points. */
export function noisyPicture(random: SeededRandom, { width, height }: PictureSize): Buffer {
  const points = random.bytes((width + 1) * height)
  // Each row begins with its filter: none.
  for (let row = 0; row < height; row += 1) points[row * (width + 1)] = 0
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set(FORMAT, 8)
  const content = deflateSync(points, { level: 1 })
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('IDAT', content),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}
