/** What an upload does about losses and answers that pass, and when it gives up. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Transport } from '../../src/client/transport.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { uploading } from '../../src/client/upload.ts'
import { manualTime } from './manual-time.ts'
import type { ScriptedLine } from './scripted-transport.ts'
import {
  DONE,
  FILE,
  RUFH,
  SLOT,
  assertFails,
  attempt,
  created,
  kindsOf,
  stands,
} from './scripted-upload.ts'
import { toldNetwork } from './told-network.ts'

test('a busy server is waited for as long as it asks', async () => {
  const busy: ScriptedLine = { status: 503, headers: { 'retry-after': '7' } }
  const one = attempt([RUFH, busy, created('a'), busy, stands(262_144), DONE])
  await one.uploaded
  assert.deepEqual(one.waits, [7000, 7000])
  assert.deepEqual(
    one.asked.slice(1).map((line) => line.split(' ')[0]),
    ['PUT', 'PUT', 'PATCH', 'HEAD', 'PATCH'],
  )
})

test('a date to try again at is measured by the clock that wrote it', async () => {
  const headers = {
    date: 'Sun, 22 Nov 2026 10:00:00 GMT',
    'retry-after': 'Sun, 22 Nov 2026 10:01:30 GMT',
  }
  const one = attempt([RUFH, { status: 429, headers }, created('a'), DONE])
  await one.uploaded
  assert.deepEqual(one.waits, [90_000])
})

test('losses in a row are followed by longer and longer waits, the first by none', async () => {
  const one = attempt([RUFH, created('a'), 'lost', 'lost', 'lost', 'lost', stands(262_144), DONE])
  await one.uploaded
  assert.deepEqual(one.waits, [100, 200, 400])
})

test('an upload that is gone begins anew in its slot', async () => {
  const one = attempt([RUFH, created('a'), { status: 410 }, created('b'), DONE])
  await one.uploaded
  const kinds = 'face created sending lost created sending published'
  assert.deepEqual(kindsOf(one).join(' '), kinds)
})

test('an upload whose creations are all gone at once is given up after the third', async () => {
  const gone = [created('a'), { status: 404 }]
  const one = attempt([RUFH, ...gone, ...gone, ...gone, created('a'), DONE])
  await assertFails(one, { code: 'out-of-tries', status: 404 })
  assert.equal(one.asked.length, 7)
})

test('uploads that had got somewhere may be gone more often than that', async () => {
  const lost = [created('a'), { status: 503 }, stands(2), { status: 404 }]
  await attempt([RUFH, ...lost, ...lost, ...lost, ...lost, created('a'), DONE]).uploaded
})

test('an append to another place than the upload stands at is followed by the question', async () => {
  const elsewhere: ScriptedLine = { status: 409, headers: { 'upload-offset': '1000' } }
  const one = attempt([RUFH, created('a'), elsewhere, stands(100_000), DONE])
  await one.uploaded
  assert.deepEqual(one.asked.slice(2), [
    'PATCH /-/uploads/a 262144',
    'HEAD /-/uploads/a',
    'PATCH /-/uploads/a 200000',
  ])
})

test('a server that takes appends and keeps nothing of them is given up', async () => {
  const one = attempt([RUFH, created('a'), stands(0)])
  await assertFails(one, { code: 'out-of-tries' })
})

test('a server without room is asked three times', async () => {
  const one = attempt([RUFH, created('a'), { status: 507 }])
  await assertFails(one, { code: 'refused', status: 507 })
  // Created, sent; then asked twice where it stands.
  assert.equal(one.asked.length, 5)
})

test('a server that fails again and again is given up, one that only restarts is not', async () => {
  await assertFails(attempt([RUFH, { status: 500 }]), { code: 'out-of-tries', status: 500 })
  const restarts = Array.from({ length: 40 }, () => ({ status: 503 }))
  await attempt([RUFH, ...restarts, created('a'), DONE]).uploaded
})

test('a server that never answers is given up, one that did is not', async () => {
  await assertFails(attempt(['lost']), { code: 'out-of-tries' })
  const silence = Array.from({ length: 40 }, (): ScriptedLine => 'lost')
  await attempt([RUFH, created('a'), ...silence, stands(0), DONE]).uploaded
})

test('a device without a network tries every ten seconds, and is not given up', async () => {
  const silence = Array.from({ length: 40 }, (): ScriptedLine => 'lost')
  const network = { ...toldNetwork(), isOnline: () => false }
  const one = attempt([...silence, RUFH, created('a'), DONE], { network })
  await one.uploaded
  assert.deepEqual(
    one.waits,
    Array.from(silence, () => 10_000),
  )
})

test('a connection on which nothing moves is left after three seconds, if nothing else was said', async () => {
  const time = manualTime()
  const asked: string[] = []
  const transport: Transport = async ({ method, signal }) => {
    asked.push(method)
    await once(signal, 'abort')
    throw new Error('aborted')
  }
  const losses: unknown[] = []
  const { promise: lost, resolve } = Promise.withResolvers<void>()
  const giving = new AbortController()
  const onEvent = (event: UploadEvent): void => {
    if (event.kind !== 'lost') return
    losses.push(event.reason)
    giving.abort(new Error('enough'))
    resolve()
  }
  const upload = uploading({ transport, network: toldNetwork() }, time)
  const uploaded = upload(FILE, SLOT, { onEvent, signal: giving.signal })
  await new Promise(setImmediate)
  time.pass(2999)
  await new Promise(setImmediate)
  assert.deepEqual([asked, losses], [['OPTIONS'], []])
  time.pass(1)
  await lost
  assert.match(String(losses[0]), /connection is dead/u)
  await assert.rejects(uploaded, /enough/u)
})
