import assert from 'node:assert/strict'
import test from 'node:test'
import { lateCode } from '../../src/client/late-code.ts'
import { proverOf } from '../../src/client/session/late-prover.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { hurriedTime, manualTime } from './manual-time.ts'
import { openedSession } from './opened-session.ts'
import { toldNetwork } from './told-network.ts'

const REASON = new TypeError('Failed to fetch dynamically imported module')

/** Code that does not come the first times. */
function codeAfter(losses: number) {
  let asked = 0
  return {
    asked: () => asked,
    load: async () => {
      asked += 1
      return asked > losses ? 'code' : await Promise.reject(REASON)
    },
  }
}

/** Who waits for code, and what is told of it. */
function waiting() {
  const events: UploadEvent[] = []
  return {
    events,
    signal: new AbortController().signal,
    network: toldNetwork(),
    time: hurriedTime(),
    tell: (event: UploadEvent): void => void events.push(event),
  }
}

async function transport(): Promise<never> {
  return await Promise.reject(new Error('Nobody is asked'))
}

test('code that does not come is loaded again, after longer and longer waits', async () => {
  const { load, asked } = codeAfter(3)
  const needs = waiting()
  assert.equal(await lateCode(load, needs), 'code')
  assert.equal(asked(), 4)
  assert.deepEqual(needs.events, [
    { kind: 'lost', reason: REASON },
    { kind: 'lost', reason: REASON },
    { kind: 'waiting', wait: 100 },
    { kind: 'lost', reason: REASON },
    { kind: 'waiting', wait: 200 },
  ])
})

test('without a network code is loaded until it comes', async () => {
  const { load, asked } = codeAfter(20)
  const network = { ...toldNetwork(), isOnline: () => false }
  assert.equal(await lateCode(load, { ...waiting(), network }), 'code')
  assert.equal(asked(), 21)
})

test('code that never comes is given up, and the next use loads it anew', async () => {
  const { load, asked } = codeAfter(12)
  const given = { name: 'UploadError', code: 'out-of-tries', cause: REASON }
  await assert.rejects(lateCode(load, waiting()), given)
  assert.equal(asked(), 12)
  assert.equal(await lateCode(load, waiting()), 'code')
})

test('code that hangs is lost after a quarter of a minute', async () => {
  const time = manualTime()
  const lost = Promise.withResolvers<UploadEvent>()
  let asked = 0
  async function load(): Promise<string> {
    asked += 1
    return asked > 1 ? 'code' : await hanging()
  }
  const code = lateCode(load, { ...waiting(), time, tell: lost.resolve })
  time.pass(14_999)
  assert.equal(asked, 1)
  time.pass(1)
  assert.match(String(Object.entries(await lost.promise)), /No code came/u)
  assert.equal(await code, 'code')
})

/** Code that never comes, and never fails. */
async function hanging(): Promise<never> {
  return await new Promise(() => {})
}

test('who gives up does not wait for code', async () => {
  const giving = new AbortController()
  const code = lateCode(hanging, { ...waiting(), signal: giving.signal })
  giving.abort(new Error('enough'))
  await assert.rejects(code, /enough/u)
})

test('each kind of session proves itself by its own code', async () => {
  for (const [kind, field] of [
    ['dpop', 'd'],
    ['hmac', 'nonce'],
  ] as const) {
    const prover = await proverOf(kind, waiting())
    const saved = await prover({ keepsKeys: false, saved: {} }).saved()
    assert.equal(typeof saved[field], 'string', kind)
  }
})

test('a session has one key, however often it is saved', async () => {
  const session = openedSession('dpop', { transport, keepsKeys: false })
  const [first, second] = await Promise.all([session.saved(), session.saved()])
  assert.equal(typeof first?.['d'], 'string')
  assert.deepEqual(second, first)
})
