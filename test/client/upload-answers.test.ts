/** Answers that end an upload, or seem to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uploading } from '../../src/client/upload.ts'
import { type ScriptedLine, scripted } from './scripted-transport.ts'
import {
  DONE,
  FILE,
  OTHER,
  RUFH,
  SLOT,
  assertFails,
  attempt,
  created,
  stands,
} from './scripted-upload.ts'
import { toldNetwork } from './told-network.ts'

for (const offset of ['300001', '-1', 'five', '']) {
  test(`a file of 300000 bytes that is said to stand at “${offset}” is a bad answer`, async () => {
    const headers = { 'upload-offset': offset }
    const one = attempt([RUFH, created('a'), 'lost', { status: 204, headers }])
    await assertFails(one, { code: 'bad-answer', status: 204 })
  })
}

test('a creation without an address is a bad answer', async () => {
  await assert.rejects(attempt([RUFH, { status: 201 }]).uploaded, {
    code: 'bad-answer',
    status: 201,
    message: 'Location is not at the slot’s origin: null',
  })
})

for (const location of ['http://files.example/-/uploads/a', '//evil.example/a', 'https://[']) {
  test(`the bytes go to no other server than the slot’s: not to ${location}`, async () => {
    const one = attempt([RUFH, created('a', { location })])
    await assert.rejects(one.uploaded, {
      code: 'bad-answer',
      status: 201,
      message: `Location is not at the slot’s origin: ${location}`,
    })
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

const MOST = [RUFH, created('a'), stands(262_144)]

test('an upload that is gone, and whose slot is spent, is published if its file is there', async () => {
  const one = attempt([...MOST, 'lost', { status: 404 }, SPENT, fetched(300_000)])
  assert.equal((await one.uploaded).url, SLOT.get)
})

for (const [words, lines] of [
  ['a creation', [RUFH, 'lost']],
  ['an append before the last', [RUFH, created('a'), 'lost', { status: 404 }]],
  ['a part of the last append', [...MOST, 'cut', { status: 404 }]],
  ['a part of the only request', [{ status: 405 }, 'cut']],
] satisfies [string, ScriptedLine[]][]) {
  test(`a conflict after the loss of ${words} is a refusal, whatever is there: this file cannot be it`, async () => {
    const one = attempt([...lines, SPENT, fetched(300_000)])
    await assertFails(one, { code: 'refused', status: 409 })
    assert.equal(one.asked.length, lines.length + 1)
  })
}

test('a conflict after several losses is a success if any of them may have been that of the answer alone', async () => {
  const one = attempt([{ status: 405 }, 'lost', 'cut', SPENT, fetched(300_000)])
  assert.equal((await one.uploaded).url, SLOT.get)
})

/** What a network shows whose user is to log in. */
const LOGIN: ScriptedLine = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8', 'content-length': '5000' },
}

for (const there of [LOGIN, { status: 404 }, 'lost'] as const) {
  test(`a file that a web page is the answer to is not published where ${JSON.stringify(there)} is its link’s`, async () => {
    const one = attempt([{ status: 405 }, LOGIN, there])
    await assert.rejects(one.uploaded, {
      code: 'bad-answer',
      status: 200,
      message: 'The server answered a web page',
    })
    assert.deepEqual(one.asked.slice(2), ['HEAD /f'])
  })
}

test('a file that a web page is the answer to is published if it is there', async () => {
  const one = attempt([{ status: 405 }, LOGIN, fetched(300_000)])
  assert.equal((await one.uploaded).url, SLOT.get)
})

for (const plain of [
  { status: 201, headers: { 'content-type': 'text/html' } },
  { status: 204 },
  { status: 200, headers: { 'content-type': 'text/plain' } },
]) {
  test(`a file that is answered ${JSON.stringify(plain)} is published without a question more`, async () => {
    const one = attempt([{ status: 405 }, plain])
    await one.uploaded
    assert.equal(one.asked.length, 2)
  })
}

test('what a web page says in place of a server is asked again for the next file', async () => {
  const { transport, asked } = scripted([LOGIN, { status: 201 }, RUFH, created('a'), DONE])
  const upload = uploading({ transport, network: toldNetwork() })
  await upload(FILE, SLOT, { session: 'none' })
  await upload(FILE, SLOT, { session: 'none' })
  assert.equal(asked.filter((line) => line.startsWith('OPTIONS')).length, 2)
})

test('an upload that a web page is the answer to is not lost: it is asked again where it stands', async () => {
  await attempt([RUFH, created('a'), LOGIN, LOGIN, stands(0), stands(262_144), DONE]).uploaded
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
