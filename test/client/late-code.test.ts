import assert from 'node:assert/strict'
import test from 'node:test'
import { loaded } from '../../src/client/late-code.ts'
import { openSession } from '../../src/client/session/session-keeper.ts'

async function transport(): Promise<never> {
  return await Promise.reject(new Error('Nobody is asked'))
}

test('code that cannot be loaded is a lost connection, and the next use loads it again', async () => {
  let tries = 0
  const load = async (): Promise<string> => {
    tries += 1
    if (tries === 1) throw new TypeError('Failed to fetch dynamically imported module')
    return 'code'
  }
  await assert.rejects(loaded(load), { name: 'ConnectionLost' })
  assert.equal(await loaded(load), 'code')
})

test('a session has one key, however often its code is asked for', async () => {
  const session = openSession('dpop', { transport, keepsKeys: false })
  const [first, second] = await Promise.all([session.saved(), session.saved()])
  assert.equal(typeof first?.['d'], 'string')
  assert.deepEqual(second, first)
})
