import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import type { Scheme } from '../../src/core/grant.ts'
import { signSlot } from '../../src/grants/sign.ts'
import { grantVerifier } from '../../src/grants/verifier.ts'
import { NOW, ask, only, refusal, slotPath } from './requests.ts'

const SECRET = 'a secret of this test'
const PATH = 'slot/photo.jpg'
const USER = 'alice@example.org'
const EXPIRY = NOW / 1000 + 3600
const SLOT = { path: slotPath(PATH), size: 12, user: USER, expiresAt: EXPIRY * 1000 }

function base64Mac(text: string): string {
  return createHmac('sha256', SECRET).update(text).digest('base64')
}

function emptyKeyMac(text: string): string {
  return createHmac('sha256', '').update(text).digest('hex')
}

test('D5: a verifier of JWTs alone accepts no MAC under the empty key', async () => {
  const macs = {
    v: emptyKeyMac(`${PATH} 12`),
    v2: emptyKeyMac(`${PATH}\u000012\0application/octet-stream`),
    token: emptyKeyMac(`${PATH}\u000012\0application/octet-stream`),
    [`expires=${EXPIRY}&v3`]: emptyKeyMac(`PUT\n${EXPIRY}\n/${PATH}`),
  }
  const off = { v1: [], v2: [], token: [], v3: [] }
  for (const secrets of [{ jwt: only(SECRET) }, { jwt: only(SECRET), ...off }]) {
    const verifier = grantVerifier(secrets, () => NOW)
    for (const [parameter, code] of Object.entries(macs)) {
      await refusal(verifier.verify(ask(PATH, { query: `${parameter}=${code}` })), 'grant-invalid')
    }
  }
})

test('D5: an empty or short secret makes no verifier', () => {
  for (const secret of ['', 'fifteen bytes..']) {
    assert.throws(() => grantVerifier({ v1: only(secret) }, () => NOW), RangeError)
    assert.throws(() => grantVerifier({ tokenDelete: only(secret) }, () => NOW), RangeError)
  }
})

test('D11: nothing in the query moves the expiry that is told', async () => {
  const verifier = grantVerifier({ v3: only(SECRET), bearer: only(SECRET) }, () => NOW)
  const more = '&session_id=x&network_resilience=true&resume_allowed=true'
  for (const scheme of ['v3', 'bearer'] as const) {
    const credential = signSlot(scheme, SLOT, Buffer.from(SECRET))
    const shown = { ...credential, query: `${credential.query}${more}` }
    assert.equal((await verifier.verify(ask(PATH, shown))).expiresAt, SLOT.expiresAt)
  }
})

test('D11: another expiry than the signed one is refused', async () => {
  const verifier = grantVerifier({ v3: only(SECRET), bearer: only(SECRET) }, () => NOW)
  for (const scheme of ['v3', 'bearer'] as const) {
    const credential = signSlot(scheme, SLOT, Buffer.from(SECRET))
    const query = (credential.query ?? '').replace(String(EXPIRY), String(EXPIRY + 1))
    await refusal(verifier.verify(ask(PATH, { ...credential, query })), 'grant-invalid')
  }
})

test('D11: a genuine bearer token does not become one for another file, size or user by NULs in a field', async () => {
  const verifier = grantVerifier({ bearer: only(SECRET) }, () => NOW)
  const issued = EXPIRY - 3600
  const authorization = `Bearer ${base64Mac(`${USER}\0photo.jpg\u000012\0${issued}`)}`
  const sound = `user=${USER}&expiry=${EXPIRY}`
  assert.equal((await verifier.verify(ask(PATH, { query: sound, authorization }))).user, USER)
  const injected = [
    `user=${USER}%00photo.jpg%0012&expiry=${issued}`,
    `user=${USER}%00photo.jpg&expiry=${EXPIRY}`,
    `user=${USER}&expiry=${EXPIRY}%00`,
    `user=${USER}&expiry=0${EXPIRY}`,
    `user=${USER}%00&expiry=${EXPIRY}`,
    `user=${USER}%0a&expiry=${EXPIRY}`,
  ]
  for (const query of injected) {
    for (const size of [12, 1_000_000]) {
      const shown = { query, authorization, size }
      await refusal(verifier.verify(ask(PATH, shown)), 'grant-invalid')
    }
  }
})

test('D11: a user with a control character is refused even if it was signed', async () => {
  const user = `${USER}\0photo.jpg`
  const authorization = `Bearer ${base64Mac(`${user}\0photo.jpg\u000012\0${EXPIRY - 3600}`)}`
  const query = new URLSearchParams({ user, expiry: String(EXPIRY) }).toString()
  const verifier = grantVerifier({ bearer: only(SECRET) }, () => NOW)
  await refusal(verifier.verify(ask(PATH, { query, authorization })), 'grant-invalid')
})

test('D11: a type with a control character is refused even if it was signed', async () => {
  const contentType = 'image/jpeg\0x'
  const code = createHmac('sha256', SECRET).update(`${PATH}\u000012\0${contentType}`).digest('hex')
  const verifier = grantVerifier({ v2: only(SECRET) }, () => NOW)
  await refusal(verifier.verify(ask(PATH, { query: `v2=${code}`, contentType })), 'grant-invalid')
})

test('D11: times are 1 to 15 ASCII digits without leading zeros, also where another notation was signed', async () => {
  const verifier = grantVerifier({ v3: only(SECRET) }, () => NOW)
  const odd = [
    `0${EXPIRY}`,
    '00',
    '-1',
    '+1',
    ' 1',
    '1e9',
    '0x10',
    '1.0',
    '1_0',
    '٣',
    '1'.repeat(16),
    'Infinity',
    '',
  ]
  for (const expires of odd) {
    const code = createHmac('sha256', SECRET).update(`PUT\n${expires}\n/${PATH}`).digest('hex')
    const query = new URLSearchParams({ v3: code, expires }).toString()
    await refusal(verifier.verify(ask(PATH, { query })), 'grant-invalid')
  }
})

test('D16: an old secret is accepted up to its end and not a millisecond longer, the new one always', async () => {
  const schemes: readonly Scheme[] = ['v1', 'v2', 'token', 'v3', 'bearer', 'jwt']
  const old = 'the secret of last year'
  let now = NOW
  for (const scheme of schemes) {
    const listed = [...only(SECRET), { value: Buffer.from(old), notAfter: NOW }]
    const verifier = grantVerifier({ [scheme]: listed }, () => now)
    const byOld = ask(PATH, signSlot(scheme, SLOT, Buffer.from(old)))
    const byNew = ask(PATH, signSlot(scheme, SLOT, Buffer.from(SECRET)))
    now = NOW
    assert.equal((await verifier.verify(byOld)).scheme, scheme)
    assert.equal((await verifier.verify(byNew)).scheme, scheme)
    now = NOW + 1
    await refusal(verifier.verify(byOld), 'grant-invalid')
    assert.equal((await verifier.verify(byNew)).scheme, scheme)
  }
})

test('D16: both secrets of a signed DELETE end', async () => {
  const path = slotPath(PATH)
  const ending = [{ value: Buffer.from(SECRET), notAfter: NOW }]
  const code = createHmac('sha256', SECRET).update(`${PATH}\0${SECRET}`).digest('hex')
  let now = NOW
  for (const secrets of [
    { token: ending, tokenDelete: only(SECRET) },
    { token: only(SECRET), tokenDelete: ending },
  ]) {
    const verifier = grantVerifier(secrets, () => now)
    now = NOW
    verifier.verifyDelete(path, new URLSearchParams({ token: code }))
    now = NOW + 1
    assert.throws(() => verifier.verifyDelete(path, new URLSearchParams({ token: code })), {
      code: 'grant-invalid',
    })
  }
})

test('D22: none is 401, wrong is 403, without length 411, larger than signed 413, smaller 400', async () => {
  const verifier = grantVerifier({ v1: only(SECRET), jwt: only(SECRET) }, () => NOW)
  const jwt = signSlot('jwt', SLOT, Buffer.from(SECRET))
  const statuses = await Promise.all([
    refusal(verifier.verify(ask(PATH)), 'no-credential'),
    refusal(verifier.verify(ask(PATH, { query: `v=${'0'.repeat(64)}` })), 'grant-invalid'),
    refusal(verifier.verify(ask(PATH, { ...jwt, size: undefined })), 'length-required'),
    refusal(verifier.verify(ask(PATH, { ...jwt, size: 13 })), 'file-too-large'),
    refusal(verifier.verify(ask(PATH, { ...jwt, size: 11 })), 'size-mismatch'),
  ])
  assert.deepEqual(
    statuses.map(({ row }) => row.status),
    [401, 403, 411, 413, 400],
  )
})
