/** How a newcomer waits for a lease that is held elsewhere; no Redis is needed to see it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Asking, contend } from '../../src/stores/redis/contender.ts'
import { type Mailbox, mailbox } from '../../src/stores/redis/mailbox.ts'
import { liveness } from '../../src/stores/redis/liveness.ts'
import type { Message } from '../../src/stores/redis/inboxes.ts'

const NEVER = new AbortController().signal

/** A newcomer `b/1` before the holder `a/1`, who can be insisted against. */
function newcomer(t: TestContext, insisted: readonly (string | undefined)[] = []) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const news: Mailbox = mailbox()
  const left = [...insisted]
  const silent: string[] = []
  const asking: Asking = {
    me: 'b/1',
    ask: async () => 'a/1',
    insist: async (whom) => {
      silent.push(whom)
      return left.shift()
    },
  }
  return {
    news,
    silent,
    begin: async (signal = NEVER) => await contend(asking, { news, signal }),
    async passes(milliseconds: number): Promise<void> {
      await new Promise(setImmediate)
      t.mock.timers.tick(milliseconds)
      await new Promise(setImmediate)
    },
  }
}

test('a lease that nobody holds is given at once', async () => {
  const asking: Asking = { me: 'b/1', ask: async () => 'b/1', insist: async () => undefined }
  assert.equal(await contend(asking, { news: mailbox(), signal: NEVER }), 'given')
})

test('a holder that gives no sign for two seconds loses the lease', async (t) => {
  const n = newcomer(t, ['b/1'])
  const outcome = n.begin()
  await n.passes(1_999)
  assert.deepEqual(n.silent, [])
  await n.passes(1)
  assert.equal(await outcome, 'given')
  assert.deepEqual(n.silent, ['a/1'])
})

test('a holder that was heard of is asked again after five seconds, and does not lose the lease', async (t) => {
  const n = newcomer(t, ['a/1'])
  const outcome = n.begin()
  n.news.put('heard')
  await n.passes(4_999)
  assert.deepEqual(n.silent, [])
  await n.passes(1)
  assert.deepEqual(n.silent, [''])
  n.news.put('heard')
  n.news.put('given')
  assert.equal(await outcome, 'given')
})

test('who is superseded, or finds that somebody newer asked, gives up', async (t) => {
  const told = newcomer(t)
  const outcome = told.begin()
  told.news.put('superseded')
  assert.equal(await outcome, 'superseded')
  t.mock.timers.reset()

  const finding = newcomer(t, [undefined])
  const found = finding.begin()
  await finding.passes(2_000)
  assert.equal(await found, 'superseded')
})

test('an abort ends the wait with its reason', async (t) => {
  const n = newcomer(t)
  const aborting = new AbortController()
  const outcome = n.begin(aborting.signal)
  await n.passes(10)
  const reason = new Error('the client is gone')
  aborting.abort(reason)
  await assert.rejects(outcome, reason)
})

test('a process that answers lives, one that does not is dead for good', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent: Message[] = []
  const others = liveness('me', { send: (message) => sent.push(message) })
  const alive = others.isAlive('a')
  assert.deepEqual(sent, [{ word: 'ping', to: 'a', slot: '-', from: 'me' }])
  others.take({ word: 'pong', to: 'me', slot: '-', from: 'a' })
  assert.equal(await alive, true)

  const dead = [others.isAlive('b'), others.isAlive('b')]
  await new Promise(setImmediate)
  t.mock.timers.tick(2_000)
  assert.deepEqual(await Promise.all([...dead, others.isAlive('b')]), [false, false, false])
  assert.equal(sent.length, 2)

  others.take({ word: 'ping', to: 'me', slot: '-', from: 'c' })
  assert.deepEqual(sent.at(-1), { word: 'pong', to: 'c', slot: '-', from: 'me' })
})
