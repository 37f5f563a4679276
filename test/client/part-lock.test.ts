import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { lockFile, lockPart } from '../../src/client/node/part-lock.ts'
import { temporaryFolder } from '../app/site.ts'

test('whoever has a lock is told, and leaves nothing when it is given back', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  {
    await using _lock = lockPart(path)
    assert.equal(lockFile(path), undefined)
    assert.throws(() => lockPart(path), { name: 'PartInUse', holder: process.pid })
  }
  assert.ok(!existsSync(path))
})

test('a lock that is given back while others want it goes to one of them', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  let holders = 0
  let taken = 0

  async function takeOften(): Promise<void> {
    while (taken < 30) {
      const lock = lockFile(path)
      if (lock !== undefined) {
        taken += 1
        holders += 1
        assert.equal(holders, 1, `after ${taken} locks, several are held at once`)
        for (let turn = 0; turn < 10; turn += 1) await setImmediate()
        holders -= 1
        await lock[Symbol.asyncDispose]()
      }
      await setImmediate()
    }
  }

  await Promise.all(Array.from({ length: 8 }, takeOften))
})
