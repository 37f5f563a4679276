import assert from 'node:assert/strict'
import { appendFile, open, rm, utimes, writeFile } from 'node:fs/promises'
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
