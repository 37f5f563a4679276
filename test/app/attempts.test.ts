import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempts } from '../../src/app/attempts.ts'
import { keptLog } from '../observe/samples.ts'

test('work of any kind that fails is told of once, with its reason, until some succeeds', async () => {
  const { log, written } = keptLog()
  const attempt = attempts((err) => log.warn({ err }, 'it did not work'))
  const fail = async (reason: string): Promise<void> => {
    await attempt(async () => await Promise.reject(new Error(reason)))
  }
  await fail('the first')
  await fail('the second')
  await attempt(async () => {})
  await fail('the third')
  const told = ['first', 'second', 'third'].map((each) => written().includes(`the ${each}`))
  assert.deepEqual(told, [true, false, true])
  assert.equal(written().split('it did not work').length, 3)
})
