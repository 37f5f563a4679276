import { createHash, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

const PIECE = 1_000_000

export interface SampleFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** Writes a file of random bytes. */
export async function sampleFile(folder: string, name: string, size: number): Promise<SampleFile> {
  const path = join(folder, name)
  const hash = createHash('sha256')
  await using file = await open(path, 'wx')
  for (let left = size; left > 0; left -= PIECE) {
    const piece = randomBytes(Math.min(left, PIECE))
    hash.update(piece)
    await file.write(piece)
  }
  return { path, size, sha256: hash.digest('hex') }
}
