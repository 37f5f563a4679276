import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { lockFile } from '../../src/core/file-lock.ts'

describe('the lock of a file', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'file-lock-'))
  })
  after(async () => await rm(folder, { recursive: true }))

  test('it is had by one at a time, and free again when it was disposed of', () => {
    const path = join(folder, 'lock')
    {
      using _first = lockFile(path, 'somebody has it')
      assert.throws(() => lockFile(path, 'somebody has it'), { message: 'somebody has it' })
    }
    using _second = lockFile(path, 'somebody has it')
  })

  test('a lock that cannot be had at all is not said to be taken', async () => {
    const path = join(folder, 'text')
    await writeFile(path, 'this is no database, and was never meant to be one\n'.repeat(20))
    assert.throws(() => lockFile(path, 'somebody has it'), { message: /not a database/u })
    assert.throws(() => lockFile(folder, 'somebody has it'), { message: /unable to open/u })
  })
})
