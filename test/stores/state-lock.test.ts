import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { lockState } from '../../src/stores/sqlite/state-lock.ts'

test('a state file has one server at a time', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lock-'))
  t.after(async () => await rm(folder, { recursive: true }))
  const path = join(folder, 'state.db')
  {
    using _first = lockState(path)
    assert.throws(() => lockState(path), /state file .* another server uses it/u)
  }
  using _second = lockState(path)
})

test('the lock of a process that was killed is gone with it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lock-'))
  t.after(async () => await rm(folder, { recursive: true }))
  const path = join(folder, 'state.db')
  const module = new URL('../../src/stores/sqlite/state-lock.ts', import.meta.url).href
  const program = `
    import { lockState } from ${JSON.stringify(module)}
    globalThis.lock = lockState(${JSON.stringify(path)})
    setInterval(() => {}, 60_000)
    console.log('locked')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  assert.throws(() => lockState(path), /another server uses it/u)
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  using _now = lockState(path)
})
