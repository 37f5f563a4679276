import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { masterKeys } from '../../src/keys/master-keys.ts'
import { proofKeys } from '../../src/proof/proof-keys.ts'
import type { SignedRequest } from '../../src/proof/signed-request.ts'
import { sqliteNonces } from '../../src/stores/sqlite/nonce-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import {
  MINUTE,
  NOTHING_SHOWN,
  type ProvingServer,
  REQUEST,
  SECOND,
  SESSION,
  answered,
  keysOf,
  provingServer,
} from './fixture.ts'

const PROVED = { kind: 'proved' }

function refused(why: string): unknown {
  return { kind: 'refused', why }
}

function challengeFrom({ proofs }: ProvingServer, from: SignedRequest = REQUEST): string {
  return proofs.challenge(SESSION, from, 'refusal')
}

/** What becomes of a right answer to a fresh challenge when something else is asked with it. */
async function verdictOn(changes: Partial<SignedRequest>): Promise<unknown> {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const shown = answered(challengeFrom(server), REQUEST, { key })
  return await server.proofs.checkAnswer(shown, { ...REQUEST, ...changes }, key)
}

const VECTOR = {
  master: Buffer.from(Uint8Array.from({ length: 32 }, (_, at) => at)),
  random: Buffer.from(Uint8Array.from({ length: 16 }, (_, at) => 0xa0 + at)),
  expiresAt: 1_795_320_000 * SECOND,
  challenge: 'AWsCaMCgoaKjpKWmp6ipqqusra6v6G9ZnmHrMOJ3XJxLNXk74g',
  mac: 'qVnmKb_OU16m7M2mN0tBVw5v3elSmVZGIs4vxa3VVTI',
}

test('the published test vector is made and accepted', async () => {
  const entry = { kid: 'k', key: VECTOR.master, createdAt: 0, activeFrom: 0 }
  const server = provingServer({
    keys: proofKeys(masterKeys([entry], () => 1)),
    newId: (bytes) => VECTOR.random.toString('base64url', 0, bytes),
    policy: { address: 'prefix' },
  })
  server.now = VECTOR.expiresAt - 5 * MINUTE
  assert.equal(challengeFrom(server), VECTOR.challenge)
  const answer = `${VECTOR.challenge}.${VECTOR.mac}`
  const key = server.keyOf(SESSION)
  const shown = { ...NOTHING_SHOWN, sessionId: SESSION, answer }
  assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), PROVED)
})

test('a challenge has 50 characters, and no two are the same', () => {
  const server = provingServer()
  const challenges = Array.from({ length: 100 }, () => challengeFrom(server))
  assert.equal(new Set(challenges).size, 100)
  assert.ok(challenges.every((challenge) => /^[\w-]{50}$/u.test(challenge)))
})

test('the MAC may be written in hex of either case', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  for (const write of [(hex: string) => hex, (hex: string) => hex.toUpperCase()]) {
    const shown = answered(challengeFrom(server), REQUEST, { key })
    const [challenge, mac = ''] = shown.answer?.split('.') ?? []
    const answer = `${challenge}.${write(Buffer.from(mac, 'base64url').toString('hex'))}`
    assert.deepEqual(await server.proofs.checkAnswer({ ...shown, answer }, REQUEST, key), PROVED)
  }
})

test('an answer proves once, on whatever server', async () => {
  const one = provingServer()
  const two = provingServer({ nonces: one.needs.nonces })
  const key = one.keyOf(SESSION)
  const shown = answered(challengeFrom(one), REQUEST, { key })
  assert.deepEqual(await two.proofs.checkAnswer(shown, REQUEST, key), PROVED)
  assert.deepEqual(await one.proofs.checkAnswer(shown, REQUEST, key), refused('used'))
  assert.deepEqual(await two.proofs.checkAnswer(shown, REQUEST, key), refused('used'))
})

test('a challenge that was answered is not answered by another request either', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const challenge = challengeFrom(server)
  const other = { ...REQUEST, method: 'DELETE' }
  await server.proofs.checkAnswer(answered(challenge, REQUEST, { key }), REQUEST, key)
  const again = answered(challenge, other, { key })
  assert.deepEqual(await server.proofs.checkAnswer(again, other, key), refused('used'))
})

test('of many who show one answer at once, one is proved', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const shown = answered(challengeFrom(server), REQUEST, { key })
  const all = Array.from({ length: 20 }, () => server.proofs.checkAnswer(shown, REQUEST, key))
  const kinds = (await Promise.all(all)).map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind === 'proved').length, 1)
})

for (const [what, changes] of Object.entries({
  'another method': { method: 'HEAD' },
  'another path': { target: '/files/9f3d?v=2' },
  'another query': { target: '/files/9f3c?v=3' },
  'no query': { target: '/files/9f3c' },
  'another offset': { offset: '7340033' },
  'no offset': { offset: undefined },
  'a digest': { digest: 'sha-256=:AA==:' },
})) {
  test(`an answer does not prove a request with ${what}`, async () => {
    assert.deepEqual(await verdictOn(changes), refused('wrong'))
  })
}

test('what the address policy leaves open may differ: by default the whole address', async () => {
  const moved = { network: '2001:db8:1::/56', address: '2001:db8:1::1' }
  assert.deepEqual(await verdictOn(moved), PROVED)
})

test('an answer proves nothing to a server of another name', async () => {
  const [here, there] = [
    provingServer(),
    provingServer({ publicUrl: new URL('https://other.example.org/') }),
  ]
  const key = here.keyOf(SESSION)
  const shown = answered(challengeFrom(there), REQUEST, { key })
  assert.deepEqual(await there.proofs.checkAnswer(shown, REQUEST, key), refused('wrong'))
})

test('two different requests are never signed alike', async () => {
  const field = fc.option(fc.stringMatching(/^[!-~]{1,20}$/u), { nil: undefined })
  const request = fc.record({
    target: fc.stringMatching(/^\/[!-~]{0,20}$/u),
    offset: field,
    digest: field,
  })
  await fc.assert(
    fc.asyncProperty(request, request, async (signed, asked) => {
      const server = provingServer()
      const key = server.keyOf(SESSION)
      const shown = answered(challengeFrom(server), { ...REQUEST, ...signed }, { key })
      const verdict = await server.proofs.checkAnswer(shown, { ...REQUEST, ...asked }, key)
      const sameLines = (one: typeof signed): string =>
        JSON.stringify([one.target, one.offset ?? '-', one.digest ?? '-'])
      assert.equal(verdict.kind === 'proved', sameLines(signed) === sameLines(asked))
    }),
  )
})

test('an answer of another session proves nothing, neither with its key nor with its challenge', async () => {
  const server = provingServer()
  const other = 'B'.repeat(43)
  const [key, otherKey] = [server.keyOf(SESSION), server.keyOf(other)]
  const theirs = answered(challengeFrom(server), REQUEST, { key: otherKey })
  assert.deepEqual(await server.proofs.checkAnswer(theirs, REQUEST, key), refused('wrong'))
  const challenge = server.proofs.challenge(other, REQUEST, 'next')
  const shown = answered(challenge, REQUEST, { key })
  assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), refused('foreign'))
})

test('a challenge that the holder of the key made up proves nothing', async () => {
  const [server, stranger] = [provingServer(), provingServer({ keys: keysOf(2) })]
  const key = server.keyOf(SESSION)
  const shown = answered(challengeFrom(stranger), REQUEST, { key })
  assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), refused('foreign'))
})

test('a challenge whose end was put off proves nothing', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const bytes = Buffer.from(challengeFrom(server), 'base64url')
  bytes.writeUInt32BE(bytes.readUInt32BE(1) + 1, 1)
  const shown = answered(bytes.toString('base64url'), REQUEST, { key })
  assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), refused('foreign'))
})

test('a challenge in a refusal is good for the challenge window, the next one for its own time', async () => {
  for (const [purpose, life] of [
    ['refusal', 5 * MINUTE],
    ['next', 30 * MINUTE],
  ] as const) {
    const server = provingServer()
    const key = server.keyOf(SESSION)
    const check = async (): Promise<unknown> => {
      const start = server.now
      const shown = answered(server.proofs.challenge(SESSION, REQUEST, purpose), REQUEST, { key })
      server.now = start + elapsed
      return await server.proofs.checkAnswer(shown, REQUEST, key)
    }
    let elapsed = life - 1
    assert.deepEqual(await check(), PROVED)
    elapsed = life + SECOND
    assert.deepEqual(await check(), refused('expired'))
  }
})

test('a server whose clock is behind does not take an answer that another took just before its end', async () => {
  const ahead = provingServer()
  const behind = provingServer({ nonces: ahead.needs.nonces })
  const key = ahead.keyOf(SESSION)
  const shown = answered(challengeFrom(ahead), REQUEST, { key })
  ahead.now += 5 * MINUTE - SECOND
  assert.deepEqual(await ahead.proofs.checkAnswer(shown, REQUEST, key), PROVED)
  ahead.now += 40 * SECOND
  behind.now = ahead.now - 50 * SECOND
  assert.deepEqual(await behind.proofs.checkAnswer(shown, REQUEST, key), refused('used'))
})

test('for an unknown session the best answer is as good as none, and uses nothing up', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const shown = answered(challengeFrom(server), REQUEST, { key })
  const unknown = await server.proofs.checkAnswer(shown, REQUEST, undefined)
  assert.deepEqual(unknown, refused('unknown-session'))
  assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), PROVED)
})

test('a wrong answer does not use the challenge up', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const challenge = challengeFrom(server)
  const wrong = answered(challenge, REQUEST, { key: Buffer.alloc(32) })
  assert.deepEqual(await server.proofs.checkAnswer(wrong, REQUEST, key), refused('wrong'))
  const right = answered(challenge, REQUEST, { key })
  assert.deepEqual(await server.proofs.checkAnswer(right, REQUEST, key), PROVED)
})

for (const [policy, moved] of [
  ['prefix', { network: '192.0.2.0/24', address: '192.0.2.7' }],
  ['exact', { address: '198.51.100.8' }],
] as const) {
  test(`with the address policy ${policy} a challenge is answered where it was asked for`, async () => {
    const server = provingServer({ policy: { address: policy } })
    const key = server.keyOf(SESSION)
    const there = { ...REQUEST, ...moved }
    const shown = answered(challengeFrom(server), REQUEST, { key })
    assert.deepEqual(await server.proofs.checkAnswer(shown, there, key), refused('address'))
    assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), PROVED)
    const fresh = answered(challengeFrom(server, there), there, { key })
    assert.deepEqual(await server.proofs.checkAnswer(fresh, there, key), PROVED)
  })
}

test('with the address policy prefix the address may differ within the network', async () => {
  const server = provingServer({ policy: { address: 'prefix' } })
  const key = server.keyOf(SESSION)
  const shown = answered(challengeFrom(server), REQUEST, { key })
  const near = { ...REQUEST, address: '198.51.100.8' }
  assert.deepEqual(await server.proofs.checkAnswer(shown, near, key), PROVED)
})

test('a challenge of the master key before is still answered, one of a key that is gone is not', async () => {
  const [before, after, later] = [
    provingServer({ keys: keysOf(1) }),
    provingServer({ keys: keysOf(2, 1) }),
    provingServer({ keys: keysOf(3, 2) }),
  ]
  const key = before.keyOf(SESSION)
  assert.deepEqual(after.needs.keys.sessionKey('key-1', SESSION), key)
  assert.equal(later.needs.keys.sessionKey('key-1', SESSION), undefined)
  const shown = answered(challengeFrom(before), REQUEST, { key })
  assert.deepEqual(await later.proofs.checkAnswer(shown, REQUEST, key), refused('foreign'))
  assert.deepEqual(await after.proofs.checkAnswer(shown, REQUEST, key), PROVED)
})

test('where nothing can be redeemed nothing is proved', async () => {
  const state = openState({ path: ':memory:', durability: 'normal' })
  const server = provingServer({ nonces: sqliteNonces(state, () => 0) })
  state[Symbol.dispose]()
  const key = server.keyOf(SESSION)
  const shown = answered(challengeFrom(server), REQUEST, { key })
  const check = server.proofs.checkAnswer(shown, REQUEST, key)
  await assert.rejects(check, { code: 'state-unavailable' })
})

test('nothing shown is nothing proved', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const shown = { ...NOTHING_SHOWN, sessionId: SESSION }
  assert.deepEqual(await server.proofs.checkAnswer(shown, REQUEST, key), refused('absent'))
})

/** Answers that are none, made of a right one. */
const MALFORMED: Readonly<Record<string, (challenge: string, mac: string) => string>> = {
  'the challenge echoed': (challenge) => challenge,
  'the challenge echoed as its MAC': (challenge) => `${challenge}.${challenge}`,
  'a MAC without its challenge': (_, mac) => mac,
  'an empty MAC': (challenge) => `${challenge}.`,
  'a MAC that is too short': (challenge, mac) => `${challenge}.${mac.slice(1)}`,
  'a MAC in padded base64': (challenge, mac) => `${challenge}.${mac}=`,
  'another version': (challenge, mac) => `B${challenge.slice(1)}.${mac}`,
  'more than one answer': (challenge, mac) => `${challenge}.${mac}, ${challenge}.${mac}`,
  'nothing at all': () => '',
  '10 000 characters': (challenge, mac) => `${challenge}.${mac}${'A'.repeat(10_000)}`,
}

for (const [what, write] of Object.entries(MALFORMED)) {
  test(`${what} is no answer`, async () => {
    const server = provingServer()
    const key = server.keyOf(SESSION)
    const shown = answered(challengeFrom(server), REQUEST, { key })
    const [challenge = '', mac = ''] = shown.answer?.split('.') ?? []
    const answer = write(challenge, mac)
    const verdict = await server.proofs.checkAnswer({ ...shown, answer }, REQUEST, key)
    assert.deepEqual(verdict, refused('malformed'))
  })
}

test('a challenge has one spelling: the bits that its last character leaves over are zero', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const challenge = challengeFrom(server)
  const other = `${challenge.slice(0, -1)}${String.fromCharCode(challenge.charCodeAt(49) + 1)}`
  assert.deepEqual(Buffer.from(other, 'base64url'), Buffer.from(challenge, 'base64url'))
  const verdict = await server.proofs.checkAnswer(answered(other, REQUEST, { key }), REQUEST, key)
  assert.deepEqual(verdict, refused('malformed'))
})

for (const sessionId of ['', 'a b', `${SESSION}\n${SESSION}`, 'A'.repeat(129)]) {
  test(`no session is called ${JSON.stringify(sessionId.slice(0, 50))}`, async () => {
    const server = provingServer()
    const key = server.keyOf(SESSION)
    const shown = answered(challengeFrom(server), REQUEST, { key })
    const verdict = await server.proofs.checkAnswer({ ...shown, sessionId }, REQUEST, key)
    assert.deepEqual(verdict, refused('malformed'))
  })
}

test('whatever is shown, without the key it proves nothing and is no failure of the server', async () => {
  const server = provingServer()
  const key = server.keyOf(SESSION)
  const mac = fc.stringMatching(/^[\w-]{43}$/u)
  const likely = mac.map((text) => `${challengeFrom(server)}.${text}`)
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), likely), async (answer) => {
      const shown = { ...NOTHING_SHOWN, sessionId: SESSION, answer }
      const verdict = await server.proofs.checkAnswer(shown, REQUEST, key)
      assert.equal(verdict.kind, 'refused')
    }),
  )
})
