import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { filesystemBlobStore } from '../../src/blobs/filesystem/blob-store.ts'
import { fileCopies } from '../../src/blobs/filesystem/file-copies.ts'

/** Linux has one of them in memory, and the other on a disk. */
const FILE_SYSTEMS = ['/dev/shm', '/var/tmp']

const BYTES = Buffer.from('some bytes')

async function folderIn(t: TestContext, parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'copies-'))
  t.after(async () => await rm(folder, { recursive: true }))
  return folder
}

/** A storage folder with the published file `f`; returns that file's path. */
async function stored(folder: string): Promise<string> {
  await using blobs = await filesystemBlobStore({ folder })
  await using writer = await blobs.create('p')
  await writer.write([BYTES])
  await blobs.publish('p', 'f', { sync: false })
  return join(folder, blobs.location('f') ?? '')
}

/** A folder beside that of temporary files. */
function otherFileSystem(): string | undefined {
  const { dev } = statSync(tmpdir())
  return FILE_SYSTEMS.find((folder) => existsSync(folder) && statSync(folder).dev !== dev)
}

test('on the same file system a copy is a second name for the same bytes', async (t) => {
  const folder = await folderIn(t, tmpdir())
  const [from, to] = [join(folder, 'live'), join(folder, 'copy')]
  const path = await stored(from)
  const copies = fileCopies({ from, to })
  assert.equal(await copies.add('f'), 'linked')
  await copies.sync()
  assert.equal((await stat(path.replace(from, to))).ino, (await stat(path)).ino)
})

test('on another file system the bytes are copied, with the rights they had', async (t) => {
  const other = otherFileSystem()
  if (other === undefined) return t.skip('there is only one')
  const from = await folderIn(t, tmpdir())
  const to = await folderIn(t, other)
  const source = await stored(from)
  const path = source.replace(from, to)
  assert.equal(await fileCopies({ from, to }).add('f'), 'copied')
  assert.deepEqual(await readFile(path), BYTES)
  assert.equal((await stat(path)).mode, (await stat(source)).mode)
})

test('a file that was removed meanwhile is missing, and one that is there is not replaced', async (t) => {
  const folder = await folderIn(t, tmpdir())
  const [from, to] = [join(folder, 'live'), join(folder, 'copy')]
  await stored(from)
  const copies = fileCopies({ from, to })
  assert.equal(await copies.add('gone'), 'missing')
  await copies.add('f')
  await assert.rejects(copies.add('f'), { code: 'EEXIST' })
})
