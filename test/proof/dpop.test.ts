import assert from 'node:assert/strict'
import { createHmac, hash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type CryptoKey,
  type JWK,
  SignJWT,
  UnsecuredJWT,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
} from 'jose'
import type { SignedRequest } from '../../src/proof/signed-request.ts'
import type { ProofVerdict } from '../../src/proof/verdict.ts'
import { sqliteNonces } from '../../src/stores/sqlite/nonce-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import {
  MINUTE,
  NOTHING_SHOWN,
  type ProvingServer,
  REQUEST,
  SECOND,
  SESSION,
  keysOf,
  provingServer,
} from './fixture.ts'

interface Holder {
  readonly alg: string
  readonly secret: CryptoKey
  readonly jwk: JWK
  readonly jkt: string
}

async function holder(alg: string): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { alg, secret: privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}

const PHONE = await holder('ES256')
const DAY = 24 * 60 * MINUTE

type Members = Readonly<Record<string, unknown>>

interface Changes {
  readonly claims?: Members
  readonly header?: Members
  /** Who signs; the key that is shown is the header's. */
  readonly signer?: Holder
}

let proofNumber = 0

/** A proof for the usual request, fit for `server` unless changed. */
async function proofFor(server: ProvingServer, changes: Changes = {}): Promise<string> {
  const { alg, secret, jwk } = changes.signer ?? PHONE
  proofNumber += 1
  const claims = {
    jti: `proof ${proofNumber}`,
    htm: 'PATCH',
    htu: 'https://upload.example.org/files/9f3c',
    iat: server.now / SECOND,
    ath: hash('sha256', SESSION, 'base64url'),
    nonce: server.proofs.dpopNonce(),
    ...changes.claims,
  }
  return await new SignJWT(claims)
    .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk, ...changes.header })
    .sign(secret)
}

interface Asked {
  readonly request?: Partial<SignedRequest>
  readonly sessionId?: string | undefined
  readonly jkt?: string
}

async function check(
  server: ProvingServer,
  dpop: string,
  asked: Asked = {},
): Promise<ProofVerdict> {
  const sessionId = 'sessionId' in asked ? asked.sessionId : SESSION
  const shown = { ...NOTHING_SHOWN, sessionId, dpop }
  return await server.proofs.checkDpop(shown, { ...REQUEST, ...asked.request }, asked.jkt)
}

function refused(why: string): ProofVerdict | object {
  return { kind: 'refused', why }
}

for (const alg of ['ES256', 'EdDSA', 'Ed25519']) {
  test(`a proof by ${alg} is proved, and its key named`, async () => {
    const server = provingServer()
    const signer = await holder(alg)
    const proved = { kind: 'proved', jkt: signer.jkt }
    assert.deepEqual(await check(server, await proofFor(server, { signer })), proved)
    const again = await proofFor(server, { signer })
    assert.deepEqual(await check(server, again, { jkt: signer.jkt }), proved)
  })
}

test('a proof proves once, on whatever server', async () => {
  const one = provingServer()
  const two = provingServer({ nonces: one.needs.nonces })
  const proof = await proofFor(one)
  assert.equal((await check(two, proof)).kind, 'proved')
  assert.deepEqual(await check(one, proof), refused('used'))
  assert.deepEqual(await check(two, proof), refused('used'))
})

test('an id is used once with one key, and says nothing of another key', async () => {
  const server = provingServer()
  const signer = await holder('EdDSA')
  const claims = { jti: 'the same' }
  assert.equal((await check(server, await proofFor(server, { claims }))).kind, 'proved')
  assert.deepEqual(await check(server, await proofFor(server, { claims })), refused('used'))
  assert.equal((await check(server, await proofFor(server, { claims, signer }))).kind, 'proved')
})

test('of many who show one proof at once, one is proved', async () => {
  const server = provingServer()
  const proof = await proofFor(server)
  const verdicts = await Promise.all(Array.from({ length: 10 }, () => check(server, proof)))
  assert.equal(verdicts.filter(({ kind }) => kind === 'proved').length, 1)
})

test('once a key is known no other one proves, and the attempt uses nothing up', async () => {
  const server = provingServer()
  const signer = await holder('ES256')
  const proof = await proofFor(server, { signer })
  assert.deepEqual(await check(server, proof, { jkt: PHONE.jkt }), refused('key'))
  assert.deepEqual(await check(server, proof, { jkt: '' }), refused('key'))
  assert.equal((await check(server, proof, { jkt: signer.jkt })).kind, 'proved')
})

test('a proof signed by another key than the one in it is wrong, and uses nothing up', async () => {
  const server = provingServer()
  const signer = await holder('ES256')
  const claims = { jti: 'wrong first' }
  const wrong = await proofFor(server, { signer, claims, header: { jwk: PHONE.jwk } })
  assert.deepEqual(await check(server, wrong), refused('wrong'))
  assert.equal((await check(server, await proofFor(server, { claims }))).kind, 'proved')
})

test('a proof whose claims were changed is wrong', async () => {
  const server = provingServer()
  const [header, payload = '', signature] = (await proofFor(server)).split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...claims, jti: 'new' })).toString('base64url')
  assert.deepEqual(await check(server, `${header}.${changed}.${signature}`), refused('wrong'))
})

/** Claims that do not fit the request, and why they are refused. */
const WRONG_CLAIMS: Readonly<Record<string, readonly [claims: Members, why: string]>> = {
  'for another method': [{ htm: 'HEAD' }, 'method'],
  'without a method': [{ htm: undefined }, 'method'],
  'for another path': [{ htu: 'https://upload.example.org/files/9f3d' }, 'url'],
  'for another host': [{ htu: 'https://other.example.org/files/9f3c' }, 'url'],
  'for another port': [{ htu: 'https://upload.example.org:8443/files/9f3c' }, 'url'],
  'for another scheme': [{ htu: 'http://upload.example.org/files/9f3c' }, 'url'],
  'for no URL': [{ htu: '/files/9f3c' }, 'url'],
  'without a URL': [{ htu: undefined }, 'url'],
  'for another credential': [{ ath: hash('sha256', 'other', 'base64url') }, 'credential'],
  'without a credential': [{ ath: undefined }, 'credential'],
  'from two days ago': [{ iat: (Date.UTC(2026, 10, 22) - 2 * DAY) / SECOND }, 'time'],
  'from the day after tomorrow': [{ iat: (Date.UTC(2026, 10, 22) + 2 * DAY) / SECOND }, 'time'],
  'without a time': [{ iat: undefined }, 'time'],
  'without an id': [{ jti: undefined }, 'malformed'],
  'with an empty id': [{ jti: '' }, 'malformed'],
  'without a nonce': [{ nonce: undefined }, 'nonce'],
  'with a nonce of its own': [{ nonce: 'my nonce' }, 'nonce'],
  'with a nonce that is no text': [{ nonce: 5 }, 'nonce'],
}

for (const [what, [claims, why]] of Object.entries(WRONG_CLAIMS)) {
  test(`a proof ${what} is refused`, async () => {
    const server = provingServer()
    assert.deepEqual(await check(server, await proofFor(server, { claims })), refused(why))
  })
}

test('the clock of a phone may be off by less than a day', async () => {
  const server = provingServer()
  for (const off of [-DAY + MINUTE, DAY - MINUTE]) {
    const claims = { iat: (server.now + off) / SECOND }
    assert.equal((await check(server, await proofFor(server, { claims }))).kind, 'proved')
  }
})

for (const htu of [
  'HTTPS://Upload.Example.ORG/files/9f3c',
  'https://upload.example.org:443/files/9f3c',
  'https://upload.example.org/files/9f3c?v=3#top',
  'https://upload.example.org/files/%39f3c',
]) {
  test(`the URL may be written ${htu}`, async () => {
    const server = provingServer()
    assert.equal((await check(server, await proofFor(server, { claims: { htu } }))).kind, 'proved')
  })
}

test('a proof names the credential: that of Authorization, else the session, else the MAC in the query', async () => {
  const server = provingServer()
  const named = async (credential: string, asked: Asked): Promise<string> => {
    const claims = { ath: hash('sha256', credential, 'base64url') }
    return (await check(server, await proofFor(server, { claims }), asked)).kind
  }
  const queryMac = 'ab'.repeat(32)
  for (const authorization of ['Bearer a.b-c', 'DPoP  a.b-c']) {
    const request = { authorization, queryMac }
    assert.equal(await named('a.b-c', { request }), 'proved')
    assert.equal(await named(SESSION, { request }), 'refused')
    assert.equal(await named(queryMac, { request }), 'refused')
  }
  assert.equal(await named(SESSION, { request: { queryMac } }), 'proved')
  assert.equal(await named(queryMac, { request: { queryMac } }), 'refused')
  assert.equal(await named(queryMac, { request: { queryMac }, sessionId: undefined }), 'proved')
  assert.equal(await named('undefined', { sessionId: undefined }), 'refused')
})

test('a nonce is good for five minutes, whatever was told after it', async () => {
  const server = provingServer()
  const [first, second] = [await proofFor(server), await proofFor(server)]
  server.now += 5 * MINUTE - 1
  server.proofs.dpopNonce()
  assert.equal((await check(server, first)).kind, 'proved')
  server.now += SECOND
  assert.deepEqual(await check(server, second), refused('nonce'))
})

test('a nonce is good at every server with the master key, even the one before, and at no other', async () => {
  const before = provingServer({ keys: keysOf(1) })
  const proof = await proofFor(before)
  assert.deepEqual(await check(provingServer({ keys: keysOf(3, 2) }), proof), refused('nonce'))
  assert.equal((await check(provingServer({ keys: keysOf(2, 1) }), proof)).kind, 'proved')
})

test('a challenge is no nonce', async () => {
  const server = provingServer()
  const claims = { nonce: server.proofs.challenge('', REQUEST, 'refusal') }
  assert.deepEqual(await check(server, await proofFor(server, { claims })), refused('nonce'))
})

test('a server whose clock is behind does not take a proof that another took', async () => {
  const ahead = provingServer()
  const behind = provingServer({ nonces: ahead.needs.nonces })
  const proof = await proofFor(ahead)
  ahead.now += 5 * MINUTE - SECOND
  assert.equal((await check(ahead, proof)).kind, 'proved')
  ahead.now += 40 * SECOND
  behind.now = ahead.now - 50 * SECOND
  assert.deepEqual(await check(behind, proof), refused('used'))
})

/** Headers of a proof that is signed as it should be. */
const WRONG_HEADERS: Readonly<Record<string, readonly [header: Members, why: string]>> = {
  'of another type': [{ typ: 'JWT' }, 'malformed'],
  'without a type': [{ typ: undefined }, 'malformed'],
  'without a key': [{ jwk: undefined }, 'key'],
  'with a key that is a text': [{ jwk: 'key' }, 'key'],
  'with its private key': [{ jwk: { ...PHONE.jwk, d: 'AAAA' } }, 'key'],
  'with a symmetric key': [{ jwk: { kty: 'oct', k: 'AAAA' } }, 'key'],
  'with a key of another kind': [{ jwk: { kty: 'OKP', crv: 'Ed25519', x: PHONE.jwk.x } }, 'key'],
  'with a key of another curve': [{ jwk: { ...PHONE.jwk, crv: 'P-384' } }, 'key'],
  'with half a key': [{ jwk: { ...PHONE.jwk, y: undefined } }, 'key'],
  'with a key that is no point of the curve': [{ jwk: { ...PHONE.jwk, y: PHONE.jwk.x } }, 'key'],
}

for (const [what, [header, why]] of Object.entries(WRONG_HEADERS)) {
  test(`a proof ${what} is refused`, async () => {
    const server = provingServer()
    assert.deepEqual(await check(server, await proofFor(server, { header })), refused(why))
  })
}

test('an extension that must be understood is not understood', async () => {
  const server = provingServer()
  const [, payload] = (await proofFor(server)).split('.')
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: PHONE.jwk, crit: ['b64'], b64: true }
  const shown = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.AAAA`
  assert.deepEqual(await check(server, shown), refused('malformed'))
})

for (const alg of ['ES384', 'RS256', 'PS256']) {
  test(`the algorithm ${alg} is refused`, async () => {
    const server = provingServer()
    const signer = await holder(alg)
    assert.deepEqual(await check(server, await proofFor(server, { signer })), refused('algorithm'))
  })
}

test('the algorithm none is refused, with and without a signature', async () => {
  const server = provingServer()
  const [, payload, signature] = (await proofFor(server)).split('.')
  const header = { typ: 'dpop+jwt', alg: 'none', jwk: PHONE.jwk }
  const head = Buffer.from(JSON.stringify(header)).toString('base64url')
  assert.deepEqual(await check(server, `${head}.${payload}.${signature}`), refused('algorithm'))
  assert.deepEqual(await check(server, `${head}.${payload}.`), refused('malformed'))
  assert.deepEqual(await check(server, new UnsecuredJWT({}).encode()), refused('malformed'))
})

test('the public key is no secret of an HMAC', async () => {
  const server = provingServer()
  const [, payload] = (await proofFor(server)).split('.')
  const header = { typ: 'dpop+jwt', alg: 'HS256', jwk: PHONE.jwk }
  const signed = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`
  const mac = createHmac('sha256', JSON.stringify(PHONE.jwk)).update(signed).digest('base64url')
  assert.deepEqual(await check(server, `${signed}.${mac}`), refused('algorithm'))
})

test('a proof has 4096 characters at most', async () => {
  const server = provingServer()
  const padded = async (padding: number): Promise<string> =>
    await proofFor(server, { claims: { padding: 'a'.repeat(padding) } })
  const without = (await padded(0)).length
  const room = Math.floor(((4096 - without) * 3) / 4) - 3
  assert.equal((await check(server, await padded(room))).kind, 'proved')
  assert.deepEqual(await check(server, await padded(room + 8)), refused('malformed'))
})

test('two proofs in one request are none', async () => {
  const server = provingServer()
  const proof = await proofFor(server)
  assert.deepEqual(await check(server, `${proof}, ${proof}`), refused('malformed'))
})

test('where nothing can be redeemed nothing is proved', async () => {
  const state = openState({ path: ':memory:', durability: 'normal' })
  const server = provingServer({ nonces: sqliteNonces(state, () => 0) })
  state[Symbol.dispose]()
  const proof = await proofFor(server)
  await assert.rejects(check(server, proof), { code: 'state-unavailable' })
})

test('nothing shown is nothing proved', async () => {
  const { proofs } = provingServer()
  assert.deepEqual(await proofs.checkDpop(NOTHING_SHOWN, REQUEST, undefined), refused('absent'))
})

test('whatever is shown, without a key it proves nothing and is no failure of the server', async () => {
  const server = provingServer()
  const json = fc.oneof(
    fc.json(),
    fc.json().map((text) => `{"typ":"dpop+jwt","alg":"ES256","jwk":${text}}`),
  )
  const part = fc.oneof(json, fc.string()).map((text) => Buffer.from(text).toString('base64url'))
  const likely = fc.tuple(part, part, part).map((parts) => parts.join('.'))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), likely), async (dpop) => {
      assert.equal((await check(server, dpop)).kind, 'refused')
    }),
  )
})
