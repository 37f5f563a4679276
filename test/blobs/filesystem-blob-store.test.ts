import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { filesystemBlobStore } from '../../src/blobs/filesystem/blob-store.ts'
import type { BlobStore } from '../../src/engine/ports.ts'
import {
  anyKey,
  blobStoreConformance,
  readBack,
  storeFile,
  storePart,
} from '../conformance/blob-store.ts'

/** A folder of its own, removed in the end. */
async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'blobs-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** A store in a folder of its own that goes away with it. */
async function temporaryStore(options: { isShared?: boolean } = {}): Promise<BlobStore> {
  const folder = await temporaryFolder()
  const store = await filesystemBlobStore({ folder: folder.path, ...options })
  return {
    ...store,
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

blobStoreConformance('filesystem', temporaryStore)
blobStoreConformance('filesystem of several processes', () => temporaryStore({ isShared: true }))

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

test('folders and files can be read by their group, and written by their owner alone', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'deep', 'below')
  await using store = await filesystemBlobStore({ folder: root })
  const part = anyKey()
  await storePart(store, part, Buffer.from('bytes'))
  const [path] = filesBelow(root)
  assert.ok(path)
  assert.equal(modeOf(root), 0o750)
  assert.equal(modeOf(dirname(path)), 0o750)
  assert.equal(modeOf(path), 0o640)
})

test('blobs lie in 256 folders of each kind, made beforehand and evenly filled', async () => {
  await using folder = await temporaryFolder()
  await using store = await filesystemBlobStore({ folder: folder.path })
  for (const kind of ['parts', 'files']) {
    const shards = readdirSync(join(folder.path, kind))
    assert.equal(shards.length, 256)
    assert.ok(shards.every((shard) => /^[0-9a-f]{2}$/u.test(shard)))
  }
  const locations = Array.from({ length: 4096 }, () => store.location(anyKey()) ?? '')
  const perShard = Object.values(Object.groupBy(locations, (location) => location.slice(0, 8)))
  assert.equal(perShard.length, 256)
  assert.ok(perShard.every((shard) => (shard?.length ?? 0) < 64))
})

test('the location of a file is its path below the folder', async () => {
  await using folder = await temporaryFolder()
  await using store = await filesystemBlobStore({ folder: folder.path })
  const file = await storeFile(store, Buffer.from('bytes'))
  const location = store.location(file)
  assert.match(location ?? '', /^files\/[0-9a-f]{2}\//u)
  assert.deepEqual(
    filesBelow(folder.path).map((path) => relative(folder.path, path)),
    [location],
  )
})

for (const key of ['../x', '..', '.', '', 'a/b', 'a\\b', 'a\0', 'a.part', 'ü', 'a'.repeat(129)]) {
  test(`the name ${JSON.stringify(key.slice(0, 9))} never becomes part of a path`, async () => {
    await using folder = await temporaryFolder()
    await using store = await filesystemBlobStore({ folder: folder.path })
    const good = anyKey()
    const range = { start: 0, end: 1 }
    const calls = [
      () => store.create(key),
      () => store.resume(key, 0),
      () => store.publish(key, good, { sync: false }),
      () => store.publish(good, key, { sync: false }),
      () => store.read(key, { range, take: () => {} }),
      () => store.readPart(key, { range, take: () => {} }),
      () => store.isPublishedAs(key, good),
      () => store.isPublishedAs(good, key),
      () => store.partSize(key),
      () => store.fileSize(key),
      () => store.removePart(key),
      () => store.removeFile(key),
    ]
    for (const call of calls) await assert.rejects(async () => await call(), RangeError)
    assert.throws(() => store.location(key), RangeError)
    assert.deepEqual(filesBelow(folder.path), [])
  })
}

test('a writer that was passed over does not change what another process goes on with', async () => {
  await using folder = await temporaryFolder()
  const options = { folder: folder.path, isShared: true }
  await using first = await filesystemBlobStore(options)
  await using second = await filesystemBlobStore(options)
  const [part, file] = [anyKey(), anyKey()]
  await using hanging = await first.create(part)
  await hanging.write([Buffer.from('0123 not kept')])
  {
    await using writer = await second.resume(part, 4)
    assert.equal(await second.partSize(part), 4)
    await writer.write([Buffer.from('4567')])
    await hanging.write([Buffer.from('late')])
    assert.equal(await second.publish(part, file, { sync: true }), 'published')
  }
  await hanging.write([Buffer.from('later')])
  assert.equal(String(await readBack(second, file, { start: 0, end: 8 })), '01234567')
  assert.equal(await second.fileSize(file), 8)
  await second.removePart(part)
  assert.deepEqual(
    filesBelow(folder.path).map((path) => modeOf(path)),
    [0o640],
  )
})

test('a part whose writer is passed over loses nothing when it cannot be copied', async () => {
  await using folder = await temporaryFolder()
  await using store = await filesystemBlobStore({ folder: folder.path, isShared: true })
  const part = anyKey()
  await using hanging = await store.create(part)
  await hanging.write([Buffer.from('0123')])
  await assert.rejects(store.resume(part, 5))
  assert.equal(await store.partSize(part), 4)
  assert.equal(filesBelow(folder.path).length, 1)
})

test('a part that its writer closed goes on as the same file, in whatever process', async () => {
  await using folder = await temporaryFolder()
  const options = { folder: folder.path, isShared: true }
  await using first = await filesystemBlobStore(options)
  await using second = await filesystemBlobStore(options)
  const part = anyKey()
  await storePart(first, part, Buffer.from('0123'))
  const [path = ''] = filesBelow(folder.path)
  const { ino } = statSync(path)
  for (const store of [second, first]) {
    await using _writer = await store.resume(part, 2)
    assert.equal(statSync(path).ino, ino)
  }
})

test('a symbolic link in the place of a file is not followed', async () => {
  await using folder = await temporaryFolder()
  await using store = await filesystemBlobStore({ folder: folder.path })
  const secret = join(folder.path, 'secret')
  writeFileSync(secret, 'secret')
  const file = anyKey()
  symlinkSync(secret, join(folder.path, store.location(file) ?? ''))
  await assert.rejects(readBack(store, file, { start: 0, end: 6 }), { code: 'ELOOP' })
})

test('a folder that cannot be used is named when the store is opened', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  await assert.rejects(filesystemBlobStore({ folder: file }), {
    message: new RegExp(`The storage folder ${file} cannot be used: .*(EEXIST|ENOTDIR)`, 'u'),
  })
})

test('opening a store again leaves what is there and nothing else', async () => {
  await using folder = await temporaryFolder()
  await (await filesystemBlobStore({ folder: folder.path }))[Symbol.asyncDispose]()
  const first = await filesystemBlobStore({ folder: folder.path })
  const file = await storeFile(first, Buffer.from('bytes'))
  await first[Symbol.asyncDispose]()
  await using again = await filesystemBlobStore({ folder: folder.path })
  assert.equal(String(await readBack(again, file, { start: 0, end: 5 })), 'bytes')
  assert.equal(filesBelow(folder.path).length, 1)
})

test('writes leave the event loop to others while the disk is slow, and come back', async () => {
  await using folder = await temporaryFolder()
  const disk = { now: 0, perLook: 0 }
  const stopwatch = (): number => (disk.now += disk.perLook)
  await using store = await filesystemBlobStore({ folder: folder.path, stopwatch })
  const part = anyKey()
  await using writer = await store.create(part)
  const write = (): Promise<void> | void => writer.write([Buffer.from('12345')])

  assert.equal(write(), undefined)
  disk.perLook = 60
  assert.equal(write(), undefined)
  disk.perLook = 0
  const behind = write()
  assert.ok(behind instanceof Promise)
  assert.equal(writer.length, 10)
  await behind
  assert.equal(writer.length, 15)
  disk.now += 1000
  assert.equal(write(), undefined)
  assert.equal(await store.partSize(part), 20)
})

test('closing waits for a write that is under way', async () => {
  await using folder = await temporaryFolder()
  const disk = { now: 0, perLook: 60 }
  const stopwatch = (): number => (disk.now += disk.perLook)
  await using store = await filesystemBlobStore({ folder: folder.path, stopwatch })
  const part = anyKey()
  const writer = await store.create(part)
  await writer.write([Buffer.from('slow')])
  disk.perLook = 0
  const behind = writer.write([randomBytes(1_000_000)])
  await writer[Symbol.asyncDispose]()
  await behind
  assert.equal(await store.partSize(part), 1_000_004)
})

test('a full disk refuses and leaves the part as long as it was', async (context) => {
  if (process.platform === 'win32') return context.skip('there is no limit to set')
  await using folder = await temporaryFolder()
  for (const pace of ['fast', 'slow']) {
    const report = await writeUntilFull(context, { folder: folder.path, pace })
    assert.equal(report.code, 'disk-full', pace)
    assert.ok(report.length > 0, pace)
    assert.equal(report.length % 10_000, 0, pace)
    assert.equal(report.size, report.length, pace)
  }
})

test('a thousand reads leave no file open that the cache does not keep', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc')
  await using folder = await temporaryFolder()
  const before = openDescriptors()
  {
    await using store = await filesystemBlobStore({ folder: folder.path })
    const files = await Promise.all(
      Array.from({ length: 600 }, () => storeFile(store, Buffer.from('bytes'))),
    )
    for (let at = 0; at < 1000; at++) {
      await readBack(store, files[at % files.length] ?? '', { start: 0, end: 5 })
    }
    assert.ok(openDescriptors() - before <= 512)
    for (const file of files) await store.removeFile(file)
    assert.equal(openDescriptors(), before)
  }
  assert.equal(openDescriptors(), before)
})

test('the free space is measured once a second', async () => {
  await using folder = await temporaryFolder()
  let now = 0
  await using store = await filesystemBlobStore({ folder: folder.path, stopwatch: () => now })
  const first = store.free()
  const [same, together] = await Promise.all([first, store.free()])
  assert.equal(same, together)
  await rm(folder.path, { recursive: true })
  now = 999
  assert.equal(await store.free(), same)
  now = 1000
  await assert.rejects(async () => await store.free(), { code: 'ENOENT' })
  await assert.rejects(async () => await store.free(), { code: 'ENOENT' })
  await using _again = await filesystemBlobStore({ folder: folder.path })
  assert.ok((await store.free()) > 0)
})

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

interface FullReport {
  readonly code: string
  readonly length: number
  readonly size: number
}

/** Writes until a real limit of the operating system (RLIMIT_FSIZE) stops it, in a process of its own. */
async function writeUntilFull(
  { signal }: TestContext,
  { folder, pace }: { folder: string; pace: string },
): Promise<FullReport> {
  const script = new URL('./fill-part.ts', import.meta.url).pathname
  // Under the limit a report of the coverage, or compiled code, could not be written either.
  const command = `unset NODE_V8_COVERAGE NODE_COMPILE_CACHE; ulimit -f 100; exec "$0" "$@"`
  const { stdout } = await promisify(execFile)(
    '/bin/sh',
    ['-c', command, process.execPath, script, folder, pace],
    { signal },
  )
  return parseReport(stdout)
}

function parseReport(text: string): FullReport {
  const [code = '', length, size] = text.trim().split(' ')
  return { code, length: Number(length), size: Number(size) }
}
