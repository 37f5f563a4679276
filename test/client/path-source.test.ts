import assert from 'node:assert/strict'
import { appendFile, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Bytes } from '../../src/client/source.ts'
import { pathSource } from '../../src/client/node/path-source.ts'
import { temporaryFolder } from '../app/site.ts'

async function textOf(bytes: Bytes): Promise<string> {
  return await new Response(bytes.stream()).text()
}

const CHANGED = { name: 'UploadError', code: 'source-changed' }

test('a file gives its bytes from anywhere, and again', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  await writeFile(path, '0123456789')
  const source = await pathSource(path)
  assert.deepEqual([source.size, source.id], [10, path])
  for (const _ of [1, 2]) assert.equal(await textOf(await source.slice(3, 7)), '3456')
})

test('a file of more than 4 GiB gives the bytes from beyond', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  const beyond = 2 ** 32 + 10
  {
    await using file = await open(path, 'w')
    await file.write('end', beyond)
  }
  const source = await pathSource(path)
  assert.equal(source.size, beyond + 3)
  assert.equal(await textOf(await source.slice(beyond - 1, beyond + 3)), '\0end')
  const whole = await source.slice(0, source.size)
  assert.equal(whole.size, source.size)
  // Of all that a little is read, and then no more.
  for await (const piece of whole.stream()) {
    assert.ok(piece.length > 0 && piece.length <= 2 ** 20)
    break
  }
})

for (const [words, change] of [
  ['has grown', async (path: string) => await appendFile(path, 'more')],
  ['was written again', async (path: string) => await utimes(path, 1, 1)],
  ['is gone', async (path: string) => await rm(path)],
] as const) {
  test(`a file that ${words} gives nothing more`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'film.mp4')
    await writeFile(path, '0123456789')
    const source = await pathSource(path)
    await change(path)
    await assert.rejects(Promise.resolve(source.slice(0, 1)), CHANGED)
  })
}

async function rewrite(path: string): Promise<void> {
  await writeFile(path, '9876543210')
}

async function replace(path: string): Promise<void> {
  await rewrite(`${path}.new`)
  await utimes(`${path}.new`, 1, 1)
  await rename(`${path}.new`, path)
}

for (const [words, change] of [
  ['written again', rewrite],
  ['replaced by another', replace],
] as const) {
  test(`a file that was ${words} of its size and date gives nothing more, and is another version`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'film.mp4')
    await writeFile(path, '0123456789')
    await utimes(path, 1, 1)
    const source = await pathSource(path)
    // The clock of a file system may stand still for some milliseconds.
    const { ctimeMs } = await stat(path)
    do {
      await change(path)
      await utimes(path, 1, 1)
    } while ((await stat(path)).ctimeMs === ctimeMs)
    await assert.rejects(Promise.resolve(source.slice(0, 1)), CHANGED)
    const other = await pathSource(path)
    assert.deepEqual([other.size, other.id], [source.size, source.id])
    assert.notEqual(other.version, source.version)
  })
}

test('a file that nobody touched is the same version again', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  await writeFile(path, '0123456789')
  const { version } = await pathSource(path)
  assert.equal((await pathSource(path)).version, version)
})

test('a file that changes while it is read gives none of its new bytes', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  await writeFile(path, 'old'.repeat(1_000_000))
  const reading = (await (await pathSource(path)).slice(0, 3_000_000)).stream().getReader()
  await reading.read()
  await writeFile(path, 'new'.repeat(1_000_000))
  // One piece may have been read before.
  await assert.rejects(async () => {
    for (;;) assert.doesNotMatch(new TextDecoder().decode((await reading.read()).value), /new/u)
  }, CHANGED)
})

test('there is no source where there is no file', async () => {
  await assert.rejects(pathSource('/nowhere/film.mp4'), { code: 'ENOENT' })
})
