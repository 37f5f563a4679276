/** Uploads that have to prove themselves by a new slot, and sessions that are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AskSlot, Slot } from '../../src/client/slot.ts'
import type { Transport } from '../../src/client/transport.ts'
import { type ScriptedLine, scripted } from './scripted-transport.ts'
import {
  BOUND,
  DONE,
  ELSEWHERE,
  LEVEL3,
  OTHER,
  RUFH,
  SLOT,
  assertFails,
  attempt,
  created,
  kindsOf,
} from './scripted-upload.ts'

/** Each slot once. */
function inTurn(...slots: readonly Slot[]): AskSlot {
  const left = [...slots]
  return async () => left.shift() ?? (await Promise.reject(new Error('No more slots')))
}

test('level 3 asks for a new slot; without a session the file begins anew there', async () => {
  const one = attempt([RUFH, created('a'), LEVEL3, created('b'), DONE], {
    onReauthenticate: async () => OTHER,
  })
  assert.equal((await one.uploaded).url, OTHER.get)
  assert.deepEqual(one.asked.slice(2, 4), ['PATCH /-/uploads/a 262144', 'PUT /up/b2/film.mp4'])
  assert.ok(kindsOf(one).includes('reauthenticating'))
})

test('level 3 ends an upload that has no way to a new slot, or to which no slot is enough', async () => {
  const expected = { code: 'reauthentication-required', status: 401 } as const
  await assertFails(attempt([RUFH, created('a'), LEVEL3]), expected)
  const one = attempt([RUFH, LEVEL3], { slot: async () => OTHER })
  await assertFails(one, expected)
})

test('a creation that is refused while it names a session is refused', async () => {
  const one = attempt([RUFH, { status: 401, headers: BOUND }], { session: 'hmac' })
  await assertFails(one, { code: 'refused', status: 401 })
  assert.equal(one.asked.length, 2)
})

test('a server that opens sessions and knows none of them is given up', async () => {
  const gone = [created('a', BOUND), { status: 410 }, { status: 401 }]
  const one = attempt([RUFH, ...gone, ...gone, ...gone, ...gone], { session: 'hmac' })
  await assertFails(one, { code: 'out-of-tries', status: 410 })
  assert.equal(one.asked.length, 6)
})

test('a new slot at another server is shown no session, and takes nothing over', async () => {
  const shown: string[][] = []
  const lines = scripted([RUFH, created('a', BOUND), LEVEL3, RUFH, created('b'), DONE])
  const transport: Transport = async (request) => {
    const names = Object.keys(request.headers)
    if (request.url.startsWith(ELSEWHERE.put))
      shown.push(names.filter((name) => name.startsWith('x-')))
    return await lines.transport(request)
  }
  await attempt([], { session: 'hmac', transport, onReauthenticate: async () => ELSEWHERE })
    .uploaded
  assert.deepEqual(shown, [[], ['x-session-accept']])
})

test('a ban of the session, told in words or by the answer to HEAD, ends with a new slot in a new session', async () => {
  for (const ban of [
    [{ status: 403, code: 'session-banned' }],
    ['lost', { status: 403 }],
  ] satisfies ScriptedLine[][]) {
    const one = attempt([RUFH, created('a', BOUND), ...ban, created('b', BOUND), DONE], {
      session: 'hmac',
      slot: inTurn(SLOT, OTHER),
    })
    assert.equal((await one.uploaded).url, OTHER.get)
    assert.equal(one.events.filter(({ kind }) => kind === 'bound').length, 2)
  }
})

test('a ban ends an upload that has no other slot, or to which no slot is enough', async () => {
  const banned: ScriptedLine = { status: 403, code: 'session-banned' }
  const expected = { code: 'refused', status: 403, problem: 'session-banned' } as const
  await assertFails(attempt([RUFH, created('a'), banned]), expected)
  const lines = [RUFH, created('a'), banned, created('b'), banned, created('c'), banned, banned]
  const one = attempt(lines, { slot: inTurn(SLOT, OTHER, SLOT, OTHER) })
  await assertFails(one, expected)
})

test('a session for which there is no room is done without', async () => {
  const full: ScriptedLine = { status: 503, code: 'session-unavailable' }
  await attempt([RUFH, full, created('a'), DONE], { session: 'hmac' }).uploaded
})
