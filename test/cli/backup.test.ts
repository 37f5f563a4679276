import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { RUNNING, runCli, temporaryFolder } from './cli-run.ts'

const ANY_PORT = ['--set', 'server.listen=127.0.0.1:0', '--set', 'admin.listen=']

test('backup tells what it copied, for people and for programs', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.equal((await runCli(['serve', ...ANY_PORT], cwd)).code, 0)
  const first = await runCli(['backup', 'one'], cwd, RUNNING)
  assert.equal(first.code, 0, first.err)
  assert.equal(first.out, '0 files (0 bytes), 0 of them as hard links\n')
  const copied = (await readdir(join(cwd, 'one'))).toSorted()
  assert.deepEqual(copied, ['files', 'master.key', 'state.db'])
  const key = await stat(join(cwd, 'one', 'master.key'))
  assert.equal(key.mode & 0o777, 0o600)
  const second = await runCli(['backup', 'two', '--json'], cwd, RUNNING)
  assert.deepEqual(JSON.parse(second.out), {
    files: 0,
    bytes: 0,
    linked: 0,
    deletedMeanwhile: 0,
  })
})

test('backup refuses an existing folder, a state in memory, and anything but one folder', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.equal((await runCli(['serve', ...ANY_PORT], cwd)).code, 0)
  const existing = await runCli(['backup', 'data'], cwd, RUNNING)
  assert.equal(existing.code, 1)
  assert.match(existing.err, /error: .*\/data exists: name a folder that does not/u)
  const memory = ['--set', 'session_store.backend=memory']
  const nothing = await runCli(['backup', 'new', ...memory], cwd, RUNNING)
  assert.equal(nothing.code, 1)
  assert.match(nothing.err, /nothing to back up/u)
  assert.equal((await runCli(['backup'], cwd, RUNNING)).code, 2)
  assert.equal((await runCli(['backup', 'a', 'b'], cwd, RUNNING)).code, 2)
})

test('backup before the server ever ran says which file is missing', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['backup', 'new'], cwd, RUNNING)
  assert.equal(code, 1)
  assert.match(err, /ENOENT.*state\.db/u)
  assert.ok(!(await readdir(cwd)).includes('new'))
})

test('backup that is stopped says so and leaves nothing', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.equal((await runCli(['serve', ...ANY_PORT], cwd)).code, 0)
  const stopped = await runCli(['backup', 'new'], cwd)
  assert.equal(stopped.code, 1)
  assert.match(stopped.err, /Stopped; nothing was kept/u)
  assert.ok(!(await readdir(cwd)).includes('new'))
})
