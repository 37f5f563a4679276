import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { COMMIT_INTERVAL, STORE_AFTER } from '../../src/engine/policy.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import { type SentBody, sentBody } from './bodies.ts'
import { type Fixture, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const WIFI = clientAt('127.0.0.2')

/** Each asks its engine to keep what is due as long as the slot is not stored as expected. */
async function storedOnce(
  f: Fixture,
  isExpected: (slot: SlotRecord) => boolean,
  path = 'a',
): Promise<SlotRecord> {
  for (;;) {
    f.engine.keep()
    await nextTurn()
    const slot = await f.needs.slots.find(grantFor(path, 6).fingerprint)
    if (slot !== undefined && isExpected(slot)) return slot
  }
}

/** An upload of which half has come, and no store knows. */
async function halfSent(
  f: Fixture,
): Promise<{ body: SentBody; outcome: ReturnType<Fixture['engine']['put']> }> {
  const body = sentBody()
  const outcome = f.engine.put({ grant: grantFor('a', 6), client: WIFI, body })
  await body.send('abc')
  return { body, outcome }
}

test('that a slot is used is stored soon, though its upload is silent', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const { body, outcome } = await halfSent(f)
  f.time += STORE_AFTER
  const slot = await storedOnce(f, () => true)
  assert.deepEqual(
    slot.uploads.map(({ durable, state }) => ({ durable, state })),
    [{ durable: 0, state: 'receiving' }],
  )
  assert.deepEqual(f.events, ['opened'])
  await body.send('def')
  body.end()
  assert.equal((await outcome).kind, 'published')
  assert.deepEqual(f.events, ['opened', 'published'])
})

test('an upload that ends before that is one write', async () => {
  await using f = await fixture()
  const { body, outcome } = await halfSent(f)
  f.time += STORE_AFTER - 1
  f.engine.keep()
  await nextTurn()
  assert.equal(await f.needs.slots.find(grantFor('a', 6).fingerprint), undefined)
  body.cut()
  await outcome
})

test('bytes before a silence are committed, though no more come', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const { body, outcome } = await halfSent(f)
  f.time += COMMIT_INTERVAL
  const slot = await storedOnce(f, ({ uploads }) => uploads[0]?.durable === 3)
  const { epoch, id } = slot.lease
  f.time += COMMIT_INTERVAL
  f.engine.keep()
  await nextTurn()
  const later = await f.needs.slots.find(slot.fingerprint)
  assert.deepEqual(later?.lease, { epoch, id }, 'what is committed is not committed again')
  body.cut()
  await outcome
})

test('a slot that is used first elsewhere meanwhile ends the upload here', async () => {
  await using f = await fixture()
  const { body, outcome } = await halfSent(f)
  const other = sentBody()
  const elsewhere = f.another()
  const rival = elsewhere.put({ grant: grantFor('a', 6), client: WIFI, body: other })
  await other.started
  f.time += STORE_AFTER
  elsewhere.keep()
  await storedOnce(f, () => true)
  f.engine.keep()
  assert.deepEqual(await outcome, { kind: 'cut' })
  assert.equal(body.isCut, true)
  other.cut()
  await rival
  assert.equal((await f.needs.slots.find(grantFor('a', 6).fingerprint))?.uploads.length, 1)
})

test('a store that fails while an upload is silent fails the upload with its next bytes', async () => {
  await using f = await fixture()
  const down = new Proxy(f.needs.slots, {
    get: (target, name): unknown =>
      name === 'create' ? () => Promise.reject(new Error('away')) : Reflect.get(target, name),
  })
  const engine = f.another({ slots: down })
  const body = sentBody()
  const outcome = engine.put({ grant: grantFor('a', 6), client: WIFI, body })
  await body.send('abc')
  f.time += STORE_AFTER
  engine.keep()
  await nextTurn()
  await body.send('def')
  await assert.rejects(outcome, { message: 'away' })
})
