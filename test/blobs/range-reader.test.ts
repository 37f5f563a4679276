import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  BUFFER_BYTES,
  type BufferPool,
  bufferPool,
} from '../../src/blobs/filesystem/buffer-pool.ts'
import { diskPace } from '../../src/blobs/filesystem/disk-pace.ts'
import { type OpenFiles, openFiles } from '../../src/blobs/filesystem/open-files.ts'
import { type RangeReader, rangeReader } from '../../src/blobs/filesystem/range-reader.ts'

const SIZE = 4 * BUFFER_BYTES + 1

interface Bench extends Disposable {
  readonly path: string
  readonly bytes: Buffer
  readonly pool: BufferPool
  readonly files: OpenFiles
  readonly disk: { now: number; perLook: number }
  readonly read: RangeReader
}

/** A reader of one file, with all it uses in sight. */
function bench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'reader-'))
  const path = join(folder, 'file')
  const bytes = randomBytes(SIZE)
  writeFileSync(path, bytes)
  const [pool, files, disk] = [bufferPool(), openFiles(String), { now: 0, perLook: 0 }]
  const read = rangeReader({ pool, files, pace: diskPace(() => (disk.now += disk.perLook)) })
  return {
    path,
    bytes,
    pool,
    files,
    disk,
    read,
    [Symbol.dispose]: () => {
      files[Symbol.dispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

const small = { start: 3, end: 1003 }
const large = { start: 3, end: SIZE }

test('a small range is read within the call, one piece, from the page cache', async () => {
  using at = bench()
  const pieces: Buffer[] = []
  const reading = at.read(at.path, {
    range: small,
    take: (piece) => void pieces.push(Buffer.from(piece)),
  })
  await Promise.resolve()
  assert.deepEqual(pieces, [at.bytes.subarray(3, 1003)])
  await reading
})

test('a small range is read in a thread while the disk is slow', async () => {
  using at = bench()
  at.disk.perLook = 60
  await at.read(at.path, { range: small, take: () => {} })
  at.disk.perLook = 0
  let isTaken = false
  const reading = at.read(at.path, {
    range: small,
    take: (piece) => {
      isTaken = true
      assert.equal(at.bytes.compare(piece, 0, 1000, 3, 1003), 0)
    },
  })
  await Promise.resolve()
  assert.equal(isTaken, false)
  await reading
  assert.equal(isTaken, true)
})

test('a large range takes two buffers, used in turn', async () => {
  using at = bench()
  const stores = new Set<ArrayBufferLike>()
  let mostLent = 0
  const take = async (piece: Uint8Array): Promise<void> => {
    stores.add(piece.buffer)
    mostLent = Math.max(mostLent, at.pool.lent)
    await Promise.resolve()
  }
  await at.read(at.path, { range: large, take })
  assert.equal(stores.size, 2)
  assert.equal(mostLent, 2)
  assert.equal(at.pool.lent, 0)
})

test('buffers are used again by the next read', async () => {
  using at = bench()
  const stores = new Set<ArrayBufferLike>()
  for (let round = 0; round < 10; round++) {
    await at.read(at.path, { range: small, take: (piece) => void stores.add(piece.buffer) })
  }
  assert.equal(stores.size, 1)
})

for (const [size, range] of [
  ['small', small],
  ['large', large],
] as const) {
  test(`a buffer of a ${size} range stays lent until its piece is given back`, async () => {
    using at = bench()
    const taken = Promise.withResolvers<void>()
    const giving = Promise.withResolvers<void>()
    const take = async (): Promise<void> => {
      taken.resolve()
      await giving.promise
    }
    const reading = at.read(at.path, { range, take })
    await taken.promise
    assert.ok(at.pool.lent > 0)
    giving.resolve()
    await reading
    assert.equal(at.pool.lent, 0)
  })

  test(`a ${size} range whose taking fails gives its buffers and its file back`, async () => {
    using at = bench()
    const failure = new Error('gone')
    for (const take of [
      () => {
        throw failure
      },
      async () => {
        await Promise.resolve()
        throw failure
      },
    ]) {
      await assert.rejects(at.read(at.path, { range, take }), failure)
      assert.equal(at.pool.lent, 0)
    }
  })
}

test('a range beyond the file fails, and gives its buffers back', async () => {
  using at = bench()
  for (const start of [SIZE - 1, 0]) {
    const range = { start, end: SIZE + 1 }
    await assert.rejects(at.read(at.path, { range, take: () => {} }), /ends before the range/u)
    assert.equal(at.pool.lent, 0)
  }
})

test('a missing file is not found, and no buffer is lost', async () => {
  using at = bench()
  const reading = at.read(`${at.path}-not`, { range: small, take: () => {} })
  await assert.rejects(reading, { name: 'Refusal', code: 'not-found' })
  assert.equal(at.pool.lent, 0)
})

test('a file forgotten while it is read is read to its end', async () => {
  using at = bench()
  let length = 0
  await at.read(at.path, {
    range: large,
    take: (piece) => {
      at.files.forget(at.path)
      rmSync(at.path, { force: true })
      length += piece.length
    },
  })
  assert.equal(length, SIZE - 3)
  await assert.rejects(at.read(at.path, { range: small, take: () => {} }), { code: 'not-found' })
})
