import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { makeFolder } from '../../src/core/folder.ts'

test('a folder is made with those above it, and making it again is nothing', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'folder-'))
  t.after(async () => await rm(root, { recursive: true }))
  const folder = join(root, 'a', 'b')
  makeFolder(folder, 0o750)
  makeFolder(folder, 0o750)
  assert.equal((await stat(folder)).mode & 0o777, 0o750)
})

test('where no folder can be made the error says so, and the call returns', async (t) => {
  assert.throws(() => makeFolder('/proc/none/below', 0o750), { code: 'ENOENT' })
  const root = await mkdtemp(join(tmpdir(), 'folder-'))
  t.after(async () => await rm(root, { recursive: true }))
  await writeFile(join(root, 'file'), '')
  assert.throws(() => makeFolder(join(root, 'file'), 0o750), { code: 'EEXIST' })
  assert.throws(() => makeFolder(join(root, 'file', 'below'), 0o750), { code: 'EEXIST' })
})
