import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { backUp } from '../../src/app/backup.ts'
import { type Site, filesBelow, startSite, temporaryFolder } from './site.ts'
import { get, signedPut } from './slots.ts'
import { ask } from './wire-client.ts'

const NEVER = new AbortController().signal

async function upload(site: Site, path: string): Promise<void> {
  assert.equal((await ask(site.port, signedPut(path, `bytes of ${path}`))).status, 201)
}

async function statusOf(site: Site, path: string): Promise<number> {
  return (await ask(site.port, get(path))).status
}

test('a restored backup serves what was there, and knows what was deleted while it was made', async () => {
  await using home = await temporaryFolder()
  const folder = join(home.path, 'data')
  {
    await using site = await startSite()
    await upload(site, 'a/deleted.txt')
    const [deleted = ''] = (await filesBelow(site.config.storage.url.folder)).keys()
    await upload(site, 'a/kept.txt')
    // The state was copied, then the file was removed, then the files were copied.
    await rm(deleted)
    const report = await backUp(site.config, { folder, signal: NEVER })
    assert.deepEqual(report, { files: 1, bytes: 19, linked: 1, deletedMeanwhile: 1 })
    await upload(site, 'a/later.txt')
  }
  await using restored = await startSite([], { folder: home.path })
  assert.equal((await ask(restored.port, get('a/kept.txt'))).body.toString(), 'bytes of a/kept.txt')
  assert.equal(await statusOf(restored, 'a/deleted.txt'), 404)
  assert.equal(await statusOf(restored, 'a/later.txt'), 404)
  const repeated = await ask(restored.port, signedPut('a/deleted.txt', 'bytes of a/deleted.txt'))
  assert.deepEqual([repeated.status, repeated.code], [409, 'slot-spent'])
  await upload(restored, 'a/later.txt')
})

test('a backup holds the state, the files it knows, the master key, and no byte of an unfinished upload', async () => {
  await using home = await temporaryFolder()
  const folder = join(home.path, 'backup')
  await using site = await startSite()
  await upload(site, 'a/file.txt')
  await backUp(site.config, { folder, signal: NEVER })
  const names = [...(await filesBelow(folder)).keys()].map((path) => path.slice(folder.length))
  assert.equal(names.length, 3)
  assert.ok(names.includes('/state.db'))
  assert.ok(names.includes('/master.key'))
  assert.ok(names.some((name) => /^\/files\/files\/[0-9a-f]{2}\/[\w-]+$/u.test(name)))
})

test('an existing folder is left as it is, and a backup that is stopped leaves none', async () => {
  await using home = await temporaryFolder()
  await using site = await startSite()
  await upload(site, 'a/file.txt')
  await assert.rejects(backUp(site.config, { folder: home.path, signal: NEVER }), {
    name: 'OperatorError',
  })
  const folder = join(home.path, 'stopped')
  // Aborts once the state is copied.
  const stop = new AbortController()
  const stopping = backUp(site.config, { folder, signal: stop.signal })
  stop.abort(new Error('enough'))
  await assert.rejects(stopping, { message: 'enough' })
  assert.equal((await filesBelow(home.path)).size, 0)
  await backUp(site.config, { folder, signal: NEVER })
})
