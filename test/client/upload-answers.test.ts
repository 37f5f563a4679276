/** Answers that end an upload, or seem to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScriptedLine } from './scripted-transport.ts'
import {
  DONE,
  OTHER,
  RUFH,
  SLOT,
  assertFails,
  attempt,
  created,
  stands,
} from './scripted-upload.ts'

for (const offset of ['300001', '-1', 'five', '']) {
  test(`a file of 300000 bytes that is said to stand at “${offset}” is a bad answer`, async () => {
    const headers = { 'upload-offset': offset }
    const one = attempt([RUFH, created('a'), 'lost', { status: 204, headers }])
    await assertFails(one, { code: 'bad-answer', status: 204 })
  })
}

test('a creation without an address is a bad answer', async () => {
  await assertFails(attempt([RUFH, { status: 201 }]), { code: 'bad-answer', status: 201 })
})

for (const location of ['http://files.example/-/uploads/a', '//evil.example/a', 'https://[']) {
  test(`the bytes go to no other server than the slot’s: not to ${location}`, async () => {
    const one = attempt([RUFH, created('a', { location })])
    await assertFails(one, { code: 'bad-answer', status: 201 })
    assert.equal(one.asked.length, 2)
  })
}

test('a refusal ends the upload at once, and says why', async () => {
  const one = attempt([RUFH, { status: 403, code: 'grant-expired' }])
  await assertFails(one, { code: 'refused', status: 403, problem: 'grant-expired' })
})

const SPENT: ScriptedLine = { status: 409 }

/** A file of so many bytes, where it can be fetched. */
function fetched(size: number): ScriptedLine {
  return { status: 200, headers: { 'content-length': String(size) } }
}

test('a repeated PUT that is a conflict is a success if only the answer to the first one was lost', async () => {
  const one = attempt([{ status: 405 }, 'lost', SPENT, fetched(300_000)], {
    slot: async () => SLOT,
  })
  assert.deepEqual(await one.uploaded, { url: SLOT.get, size: 300_000 })
  assert.deepEqual(one.asked.slice(3), ['HEAD /f'])
})

test('an upload that is gone, and whose slot is spent, is published if its file is there', async () => {
  const one = attempt([RUFH, created('a'), 'lost', { status: 404 }, SPENT, fetched(300_000)])
  assert.equal((await one.uploaded).url, SLOT.get)
})

for (const there of [fetched(299_999), { status: 200 }, { status: 404 }, 'lost'] as const) {
  test(`a conflict after a lost answer is a refusal where ${JSON.stringify(there)} says nothing of the file`, async () => {
    const one = attempt([{ status: 405 }, 'lost', SPENT, there])
    await assertFails(one, { code: 'refused', status: 409 })
  })
}

test('a conflict without a loss is a refusal, whatever is there', async () => {
  const one = attempt([{ status: 405 }, SPENT, fetched(300_000)])
  await assertFails(one, { code: 'refused', status: 409 })
})

test('a conflict after a lost answer is a refusal if the server compared, whatever is there', async () => {
  const conflict: ScriptedLine = { status: 409, code: 'slot-conflict' }
  const one = attempt([{ status: 405 }, 'lost', conflict, fetched(300_000)])
  await assertFails(one, { code: 'refused', status: 409, problem: 'slot-conflict' })
  assert.equal(one.asked.length, 3)
})

for (const unheard of [{ status: 503 }, 'lost'] as const) {
  test(`a conflict after a first question that was ${JSON.stringify(unheard)} is a refusal: nothing had been sent`, async () => {
    const one = attempt([unheard, { status: 405 }, SPENT, fetched(300_000)])
    await assertFails(one, { code: 'refused', status: 409 })
  })
}

test('a conflict in a new slot is a refusal, whatever was lost in the one before', async () => {
  const slots = [SLOT, OTHER]
  const one = attempt([{ status: 405 }, 'lost', { status: 403 }, SPENT, fetched(300_000)], {
    slot: async () => slots.shift() ?? OTHER,
  })
  await assertFails(one, { code: 'refused', status: 409 })
})

for (const status of [0, 302, 307]) {
  test(`an upload that is answered ${status}, by a login page perhaps, is not lost: it is asked again where it stands`, async () => {
    const login: ScriptedLine = { status }
    await attempt([RUFH, created('a'), login, login, stands(0), stands(262_144), DONE]).uploaded
  })
}

test('an upload that is redirected for ever is given up, but stays remembered', async () => {
  await assertFails(attempt([RUFH, created('a'), { status: 302 }]), {
    code: 'out-of-tries',
    status: 302,
  })
})

test('a redirection of which a browser tells no status is called one', async () => {
  const one = attempt([RUFH, { status: 0 }])
  await assert.rejects(one.uploaded, { message: 'The server answered a redirection', status: 0 })
})
