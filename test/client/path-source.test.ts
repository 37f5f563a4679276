import assert from 'node:assert/strict'
import { appendFile, open, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathSource } from '../../src/client/node/path-source.ts'
import { temporaryFolder } from '../app/site.ts'

const CHANGED = { name: 'UploadError', code: 'source-changed' }

test('a file gives its bytes from anywhere, and again', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  await writeFile(path, '0123456789')
  const source = await pathSource(path)
  assert.deepEqual([source.size, source.id], [10, path])
  for (const _ of [1, 2]) assert.equal(await (await source.slice(3, 7)).text(), '3456')
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
  assert.equal(await (await source.slice(beyond - 1, beyond + 3)).text(), '\0end')
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

test('there is no source where there is no file', async () => {
  await assert.rejects(pathSource('/nowhere/film.mp4'), { code: 'ENOENT' })
})
