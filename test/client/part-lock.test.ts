import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
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

const ODDITIES = {
  'a link to nothing': async (path: string) => await symlink('nothing', path),
  'a link to a file': async (path: string) => {
    await writeFile(`${path}.target`, '')
    await symlink(`${path}.target`, path)
  },
  'a link to itself': async (path: string) => await symlink(path, path),
  'a folder': async (path: string) => await mkdir(path),
}

for (const [what, put] of Object.entries(ODDITIES)) {
  test(`${what} in the place of a lock is an error, at once, and stays as it is`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'lock')
    await put(path)
    const before = await readdir(folder.path)
    // A program of its own: one that never comes back could not be ended from here.
    const module = import.meta.resolve('../../src/client/node/part-lock.ts')
    const taking = `
      import { lockFile } from ${JSON.stringify(module)}
      try { lockFile(${JSON.stringify(path)}) } catch ({ code }) { console.log(code) }`
    const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', taking]
    const { stdout } = spawnSync(process.execPath, argv, { timeout: 10_000, encoding: 'utf8' })
    assert.equal(stdout, 'EEXIST\n')
    assert.deepEqual(await readdir(folder.path), before)
  })
}
