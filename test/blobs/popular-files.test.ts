import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bufferPool } from '../../src/blobs/filesystem/buffer-pool.ts'
import { diskPace } from '../../src/blobs/filesystem/disk-pace.ts'
import { openFiles } from '../../src/blobs/filesystem/open-files.ts'
import {
  POPULAR,
  type PopularFiles,
  popularFiles,
} from '../../src/blobs/filesystem/popular-files.ts'
import { type RangeReader, rangeReader } from '../../src/blobs/filesystem/range-reader.ts'
import { HEADROOM } from '../../src/core/bytes.ts'

const SIZE = 10_000

interface Bench extends Disposable {
  readonly path: string
  readonly bytes: Buffer
  readonly popular: PopularFiles
  readonly read: RangeReader
}

/** A reader of one file. */
function bench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'popular-'))
  const path = join(folder, 'file')
  const bytes = randomBytes(SIZE)
  writeFileSync(path, bytes)
  const [pool, files, popular] = [bufferPool(), openFiles(String), popularFiles()]
  return {
    path,
    bytes,
    popular,
    read: rangeReader({ pool, files, popular, pace: diskPace(() => 0) }),
    [Symbol.dispose]: () => {
      for (const each of [files, popular]) each[Symbol.dispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** What a reader of the first `end` bytes is given. */
async function readTo({ path, read }: Bench, end: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  const take = (piece: Uint8Array): void => void pieces.push(Buffer.from(piece))
  await read(path, { range: { start: 0, end }, take })
  return Buffer.concat(pieces)
}

function fail(): never {
  throw new Error('gone')
}

test('a file that is read again and again is given from memory', async () => {
  using at = bench()
  const other = randomBytes(SIZE)
  for (let times = 1; times < POPULAR; times++) await readTo(at, SIZE)
  writeFileSync(at.path, other)
  assert.deepEqual(await readTo(at, SIZE), other, 'too early')
  writeFileSync(at.path, at.bytes)
  assert.deepEqual(await readTo(at, SIZE), other)
})

test('what a taker writes in front of a piece changes no byte of it', async () => {
  using at = bench()
  for (let times = 0; times < 2 * POPULAR; times++) {
    const take = (piece: Uint8Array): void => {
      assert.deepEqual(Buffer.from(piece), at.bytes)
      Buffer.from(piece.buffer, piece.byteOffset - HEADROOM, HEADROOM).fill(times)
    }
    await at.read(at.path, { range: { start: 0, end: SIZE }, take })
  }
})

test('two readers at a time are given different memory', async () => {
  using at = bench()
  for (let times = 0; times < POPULAR; times++) await readTo(at, SIZE)
  const giving = Promise.withResolvers<void>()
  const stores: ArrayBufferLike[] = []
  const take = async (piece: Uint8Array): Promise<void> => {
    stores.push(piece.buffer)
    await giving.promise
  }
  const request = { range: { start: 0, end: SIZE }, take }
  const reading = [at.read(at.path, request), at.read(at.path, request)]
  assert.equal(new Set(stores).size, 2)
  giving.resolve()
  await Promise.all(reading)
})

test('a taker that fails gives the memory back', async () => {
  using at = bench()
  for (let times = 0; times < POPULAR; times++) await readTo(at, SIZE)
  await assert.rejects(at.read(at.path, { range: { start: 0, end: SIZE }, take: fail }), /gone/u)
  assert.ok(at.popular.borrow(at.path, SIZE) !== undefined)
})

test('a popular beginning of a file is not taken for the file', async () => {
  using at = bench()
  for (let times = 0; times < POPULAR; times++) await readTo(at, 10)
  assert.equal(at.popular.borrow(at.path, 10)?.piece.length, 10)
  assert.deepEqual(await readTo(at, SIZE), at.bytes)
  assert.deepEqual(await readTo(at, SIZE), at.bytes)
  assert.equal(at.popular.borrow(at.path, SIZE)?.piece.length, SIZE)
})

test('nothing is kept of a file that is forgotten, and little of very many', () => {
  using popular = popularFiles()
  popular.keep('a', Buffer.alloc(10))
  popular.forget('a')
  assert.equal(popular.borrow('a', 10), undefined)
  const large = Buffer.alloc(256 * 1024)
  for (let file = 0; file < 100; file++) popular.keep(String(file), large)
  const kept = Array.from({ length: 100 }, (_, file) => popular.borrow(String(file), large.length))
  const count = kept.filter((piece) => piece !== undefined).length
  assert.ok(count > 50 && count < 65, String(count))
  assert.ok(kept.at(-1) !== undefined)
})
