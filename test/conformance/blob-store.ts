import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { type ByteRange, HEADROOM } from '../../src/core/bytes.ts'
import { randomId } from '../../src/core/random.ts'
import type { BlobStore, PartWriter } from '../../src/engine/ports.ts'
import { collect } from './slot-store.ts'

/** Longer than a store reads or writes at once. */
const LONG = 900_001

/** A key as the engine makes them. */
export function anyKey(): string {
  return randomId(16)
}

/** Writes a part of these bytes and closes it. */
export async function storePart(store: BlobStore, part: string, bytes: Uint8Array): Promise<void> {
  await using writer = await store.create(part)
  await append(writer, bytes)
}

/** Publishes a file of these bytes; resolves to its key. */
export async function storeFile(store: BlobStore, bytes: Uint8Array): Promise<string> {
  const [part, file] = [anyKey(), anyKey()]
  await storePart(store, part, bytes)
  assert.equal(await store.publish(part, file, { sync: false }), 'published')
  await store.removePart(part)
  return file
}

/** The bytes of a file's range; the lent pieces, and what is in front, are overwritten as soon as they are given back. */
export async function readBack(store: BlobStore, file: string, range: ByteRange): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const lasts: boolean[] = []
  const take = async (piece: Uint8Array, last: boolean): Promise<void> => {
    const copy = Uint8Array.from(piece)
    await Promise.resolve()
    assert.deepEqual(Buffer.compare(piece, copy), 0, 'a piece changed while it was lent')
    pieces.push(copy)
    lasts.push(last)
    piece.fill(0xee)
    if (piece.length === 0) return
    new Uint8Array(piece.buffer, piece.byteOffset - HEADROOM, HEADROOM).fill(0xee)
  }
  await store.read(file, { range, take })
  assert.deepEqual(lasts, [...lasts.slice(1).fill(false), true])
  return Buffer.concat(pieces)
}

/** Appends a copy that is overwritten as soon as it is given back. */
async function append(writer: PartWriter, bytes: Uint8Array): Promise<void> {
  const lent = Uint8Array.from(bytes)
  const cut = Math.floor(lent.length / 3)
  await writer.write([lent.subarray(0, cut), new Uint8Array(0), lent.subarray(cut)])
  lent.fill(0xdd)
}

/** What every `BlobStore` does; `open` makes an empty one. */
export function blobStoreConformance(name: string, open: () => Promise<BlobStore>): void {
  suite(`blob store ${name}`, () => {
    partCases(open)
    resumeCases(open)
    publishCases(open)
    partReadCases(open)
    readCases(open)
    listCases(open)
  })
}

type Open = () => Promise<BlobStore>

function unexpected(): never {
  assert.fail('a piece came')
}

function partCases(open: Open): void {
  test('a new part is empty and grows by what is written', async () => {
    await using store = await open()
    const part = anyKey()
    await using writer = await store.create(part)
    assert.equal(writer.length, 0)
    assert.equal(await store.partSize(part), 0)
    await append(writer, randomBytes(LONG))
    await append(writer, randomBytes(1))
    await writer.write([])
    await writer.sync()
    assert.equal(writer.length, LONG + 1)
    assert.equal(await store.partSize(part), LONG + 1)
  })

  test('a part is created once', async () => {
    await using store = await open()
    const part = anyKey()
    await storePart(store, part, Buffer.from('first'))
    await assert.rejects(async () => await store.create(part))
    assert.equal(await store.partSize(part), 5)
  })

  test('a removed part is gone, removing it again is no error, and it can be created anew', async () => {
    await using store = await open()
    const part = anyKey()
    await storePart(store, part, Buffer.from('bytes'))
    await store.removePart(part)
    await store.removePart(part)
    assert.equal(await store.partSize(part), undefined)
    await storePart(store, part, Buffer.from(''))
    assert.equal(await store.partSize(part), 0)
  })
}

function resumeCases(open: Open): void {
  test('a part goes on where it ended', async () => {
    await using store = await open()
    const [part, file] = [anyKey(), anyKey()]
    await storePart(store, part, Buffer.from('half of '))
    {
      await using writer = await store.resume(part, 8)
      assert.equal(writer.length, 8)
      await append(writer, Buffer.from('the bytes'))
    }
    await store.publish(part, file, { sync: false })
    assert.equal(String(await readBack(store, file, { start: 0, end: 17 })), 'half of the bytes')
  })

  test('a part goes on earlier than it ended without what lay beyond', async () => {
    await using store = await open()
    const [part, file] = [anyKey(), anyKey()]
    await storePart(store, part, Buffer.from('abcdefgh'))
    {
      await using writer = await store.resume(part, 3)
      assert.equal(await store.partSize(part), 3)
      await append(writer, Buffer.from('X'))
    }
    await store.publish(part, file, { sync: false })
    assert.equal(await store.fileSize(file), 4)
    assert.equal(String(await readBack(store, file, { start: 0, end: 4 })), 'abcX')
  })

  test('a part that is shorter or not there does not go on, and stays as it is', async () => {
    await using store = await open()
    const part = anyKey()
    await storePart(store, part, Buffer.from('abc'))
    await assert.rejects(store.resume(part, 4))
    assert.equal(await store.partSize(part), 3)
    const missing = anyKey()
    await assert.rejects(store.resume(missing, 0))
    assert.equal(await store.partSize(missing), undefined)
  })
}

function publishCases(open: Open): void {
  for (const sync of [true, false]) {
    test(`a part that moves is the file and no part any more, ${sync ? 'with' : 'without'} sync`, async () => {
      await using store = await open()
      const [part, file] = [anyKey(), anyKey()]
      await storePart(store, part, Buffer.from('moved'))
      assert.equal(await store.publish(part, file, { sync, isFresh: true }), 'published')
      assert.equal(await store.partSize(part), undefined)
      await store.removePart(part)
      await store.removePart(part)
      assert.equal(String(await readBack(store, file, { start: 0, end: 5 })), 'moved')
      assert.equal(await store.publish(part, anyKey(), { sync, isFresh: true }), 'missing')
    })
  }

  for (const sync of [true, false]) {
    test(`a part is published once, ${sync ? 'with' : 'without'} sync`, async () => {
      await using store = await open()
      const file = anyKey()
      const parts = ['first', 'later'].map((text) => ({ key: anyKey(), text }))
      for (const { key, text } of parts) await storePart(store, key, Buffer.from(text))
      const outcomes = await Promise.all(
        parts.map(async ({ key }) => await store.publish(key, file, { sync })),
      )
      assert.deepEqual(outcomes.toSorted(), ['exists', 'published'])
      const winner = parts[outcomes.indexOf('published')]
      assert.equal(String(await readBack(store, file, { start: 0, end: 5 })), winner?.text)
    })
  }

  test('a published file stays when its part is taken away', async () => {
    await using store = await open()
    const [part, file] = [anyKey(), anyKey()]
    await storePart(store, part, Buffer.from('bytes'))
    await store.publish(part, file, { sync: false })
    assert.equal(await store.partSize(part), 5)
    await store.removePart(part)
    assert.equal(await store.partSize(part), undefined)
    assert.equal(await store.fileSize(file), 5)
  })

  test('a part that is not there is missing and publishes nothing', async () => {
    await using store = await open()
    const file = anyKey()
    assert.equal(await store.publish(anyKey(), file, { sync: false }), 'missing')
    assert.equal(await store.fileSize(file), undefined)
  })

  test('a removed file is gone, also for those who read it before, and removing it again is no error', async () => {
    await using store = await open()
    const file = await storeFile(store, Buffer.from('bytes'))
    await readBack(store, file, { start: 0, end: 5 })
    await store.removeFile(file)
    await store.removeFile(file)
    assert.equal(await store.fileSize(file), undefined)
    await assert.rejects(readBack(store, file, { start: 0, end: 5 }), { code: 'not-found' })
  })
}

function partReadCases(open: Open): void {
  const nothing = { range: { start: 0, end: 3 }, take: unexpected }

  test('a part is read while it is written, and as it is when it goes on', async () => {
    await using store = await open()
    const part = anyKey()
    const read = async (end: number): Promise<string> => {
      const pieces: Buffer[] = []
      const take = (piece: Uint8Array): void => void pieces.push(Buffer.from(piece))
      await store.readPart(part, { range: { start: 0, end }, take })
      return String(Buffer.concat(pieces))
    }
    {
      await using writer = await store.create(part)
      await append(writer, Buffer.from('abc'))
      assert.equal(await read(3), 'abc')
    }
    await using writer = await store.resume(part, 1)
    await append(writer, Buffer.from('XYZ'))
    assert.equal(await read(4), 'aXYZ')
    await store.removePart(part)
    await assert.rejects(store.readPart(part, nothing), { code: 'not-found' })
  })

  test('an aborted reader of a part gets the reason and no piece', async () => {
    await using store = await open()
    const part = anyKey()
    await storePart(store, part, Buffer.from('abc'))
    const reason = new Error('aborted')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(store.readPart(part, { ...nothing, signal }), reason)
  })

  test('of two parts with the same bytes one is what was published', async () => {
    await using store = await open()
    const [one, other, file] = [anyKey(), anyKey(), anyKey()]
    for (const part of [one, other]) await storePart(store, part, Buffer.from('same'))
    assert.equal(await store.isPublishedAs(one, file), false)
    await store.publish(one, file, { sync: false })
    assert.equal(await store.isPublishedAs(one, file), true)
    assert.equal(await store.isPublishedAs(other, file), false)
    await store.removePart(one)
    assert.equal(await store.isPublishedAs(one, file), false)
  })
}

function readCases(open: Open): void {
  test('any range comes back as it was written', async () => {
    await using store = await open()
    const bytes = randomBytes(LONG)
    const file = await storeFile(store, bytes)
    const edge = 256 * 1024
    const ranges = [
      [0, 1],
      [LONG - 1, LONG],
      [0, edge],
      [0, edge + 1],
      [5, edge + 5],
      [5, 2 * edge + 5],
      [7, LONG - 7],
      [0, LONG],
    ] as const
    for (const [start, end] of ranges) {
      const piece = await readBack(store, file, { start, end })
      assert.equal(piece.compare(bytes.subarray(start, end)), 0, `${start} to ${end}`)
    }
  })

  test('an empty file is one empty piece, the last', async () => {
    await using store = await open()
    const file = await storeFile(store, Buffer.alloc(0))
    assert.equal((await readBack(store, file, { start: 0, end: 0 })).length, 0)
  })

  for (const size of [10, LONG]) {
    test(`many readers of ${size} bytes at once do not disturb each other`, async () => {
      await using store = await open()
      const contents = Array.from({ length: 8 }, () => randomBytes(size))
      const files = await Promise.all(contents.map((bytes) => storeFile(store, bytes)))
      const read = await Promise.all(
        files.map((file) => readBack(store, file, { start: 0, end: size })),
      )
      read.forEach((bytes, at) => assert.ok(contents[at]?.equals(bytes)))
    })

    test(`a reader of ${size} bytes that fails gets its own error`, async () => {
      await using store = await open()
      const file = await storeFile(store, randomBytes(size))
      const failure = new Error('the client is gone')
      const take = (): never => {
        throw failure
      }
      await assert.rejects(store.read(file, { range: { start: 0, end: size }, take }), failure)
    })

    test(`an aborted reader of ${size} bytes gets the reason and no piece`, async () => {
      await using store = await open()
      const file = await storeFile(store, randomBytes(size))
      const reason = new Error('aborted')
      const range = { start: 0, end: size }
      const signal = AbortSignal.abort(reason)
      await assert.rejects(store.read(file, { range, take: unexpected, signal }), reason)
    })
  }

  test('an abort between two pieces ends the reading', async () => {
    await using store = await open()
    const file = await storeFile(store, randomBytes(LONG))
    const reason = new Error('aborted')
    const aborting = new AbortController()
    let pieces = 0
    const take = (): void => {
      pieces++
      aborting.abort(reason)
    }
    const range = { start: 0, end: LONG }
    await assert.rejects(store.read(file, { range, take, signal: aborting.signal }), reason)
    assert.equal(pieces, 1)
  })
}

function listCases(open: Open): void {
  test('everything there is is listed once with its size', async () => {
    await using store = await open()
    const part = anyKey()
    const before = Date.now()
    await storePart(store, part, Buffer.from('abc'))
    const file = await storeFile(store, Buffer.from('defgh'))
    const found = await collect(store.list())
    assert.deepEqual(
      found.map(({ kind, key, size }) => ({ kind, key, size })).toSorted((a, b) => a.size - b.size),
      [
        { kind: 'part', key: part, size: 3 },
        { kind: 'file', key: file, size: 5 },
      ],
    )
    for (const { modifiedAt } of found) assert.ok(Math.abs(modifiedAt - before) < 60_000)
  })

  test('what is not there has no size', async () => {
    await using store = await open()
    assert.equal(await store.partSize(anyKey()), undefined)
    assert.equal(await store.fileSize(anyKey()), undefined)
    assert.deepEqual(await collect(store.list()), [])
  })

  test('there is room for more bytes', async () => {
    await using store = await open()
    assert.ok((await store.free()) > 0)
  })
}
