import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import { SignJWT } from 'jose'
import type { Scheme } from '../../src/core/grant.ts'
import type { RefusalCode } from '../../src/core/refusals.ts'
import type { Credential, SlotToSign } from '../../src/grants/scheme.ts'
import type { GrantSecrets } from '../../src/grants/secret.ts'
import { signSlot } from '../../src/grants/sign.ts'
import { type GrantVerifier, grantVerifier } from '../../src/grants/verifier.ts'
import { NOW, ask, only, refusal, slotPath } from './requests.ts'

const SCHEMES: readonly Scheme[] = ['v1', 'v2', 'token', 'v3', 'bearer', 'jwt']
const PATH = 'slot/photo.jpg'
const SLOT: SlotToSign = {
  path: slotPath(PATH),
  size: 12,
  contentType: 'image/jpeg',
  user: 'alice@example.org',
  expiresAt: NOW + 300_000,
}

/** Each scheme has its own secret, so that a MAC of one is never one of another. */
function secretOf(scheme: Scheme): string {
  return `secret-of-scheme-${scheme}`
}

const ALL: GrantSecrets = Object.fromEntries(
  SCHEMES.map((scheme) => [scheme, only(secretOf(scheme))]),
)

function verifierOf(...schemes: readonly Scheme[]): GrantVerifier {
  const secrets = Object.fromEntries(schemes.map((scheme) => [scheme, only(secretOf(scheme))]))
  return grantVerifier(secrets, () => NOW)
}

function signed(scheme: Scheme, slot: SlotToSign = SLOT): Credential {
  return signSlot(scheme, slot, Buffer.from(secretOf(scheme)))
}

/** All the credentials in one request. */
function together(credentials: readonly Credential[]): Credential {
  const query = credentials.flatMap((credential) => credential.query ?? []).join('&')
  const authorization = credentials.findLast(
    (one) => one.authorization !== undefined,
  )?.authorization
  return { query, ...(authorization === undefined ? {} : { authorization }) }
}

async function jwtOf(claims: Record<string, unknown>, header = {}): Promise<Credential> {
  const token = await new SignJWT({
    slot: 'slot',
    filename: 'photo.jpg',
    filesize: 12,
    exp: NOW / 1000 + 300,
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
    .sign(Buffer.from(secretOf('jwt')))
  return { authorization: `Bearer ${token}` }
}

function encode(part: string): string {
  return Buffer.from(part).toString('base64url')
}

test('one configured scheme decides, the strongest that is shown, without a second try', async () => {
  const order: readonly Scheme[] = ['bearer', 'v3', 'v2', 'token', 'v1']
  for (const [rank, strongest] of order.entries()) {
    const shown = order.slice(rank)
    const grant = await verifierOf(...shown).verify(
      ask(PATH, together(shown.map((scheme) => signed(scheme)))),
    )
    assert.equal(grant.scheme, strongest)
    const wrong = signed(strongest, { ...SLOT, path: slotPath('slot/other.jpg') })
    const rest = shown.slice(1).map((scheme) => signed(scheme))
    await refusal(
      verifierOf(...shown).verify(ask(PATH, together([wrong, ...rest]))),
      'grant-invalid',
    )
  }
  const withJwt = together([...order.map((scheme) => signed(scheme)), signed('jwt')])
  assert.equal((await verifierOf(...SCHEMES).verify(ask(PATH, withJwt))).scheme, 'jwt')
})

test('a stronger scheme without a secret leaves the decision to a configured one', async () => {
  const shown = together([signed('v2'), signed('v1'), signed('jwt')])
  assert.equal((await verifierOf('v1').verify(ask(PATH, shown))).scheme, 'v1')
})

test('a credential of a scheme without a secret is refused, and the facts name the scheme', async () => {
  const { facts } = await refusal(verifierOf('v1').verify(ask(PATH, signed('v2'))), 'grant-invalid')
  assert.deepEqual(facts, { scheme: 'v2', why: 'the scheme has no secret' })
})

test('a repeated parameter is refused', async () => {
  const { query } = signed('v1')
  const twice = ask(PATH, { query: `${query}&${query}` })
  await refusal(verifierOf('v1').verify(twice), 'grant-invalid')
})

test('no credential and empty parameters are no-credential', async () => {
  for (const query of ['', 'v=&v2=&token=&v3=&expires=4102444800', 'X-Signature=00']) {
    await refusal(verifierOf(...SCHEMES).verify(ask(PATH, { query })), 'no-credential')
  }
})

test('without a length every credential is answered length-required, none at all no-credential', async () => {
  const verifier = verifierOf(...SCHEMES)
  for (const scheme of SCHEMES) {
    await refusal(
      verifier.verify(ask(PATH, { ...signed(scheme), size: undefined })),
      'length-required',
    )
  }
  await refusal(verifier.verify(ask(PATH, { size: undefined })), 'no-credential')
})

test('a length left to the grant is the one that a JWT says; other schemes have none to say', async () => {
  const verifier = verifierOf(...SCHEMES)
  for (const scheme of SCHEMES) {
    const asked = verifier.verify(ask(PATH, { ...signed(scheme), size: 'as-granted' }))
    if (scheme === 'jwt') assert.equal((await asked).size, 12)
    else await refusal(asked, 'bad-request')
  }
  const forged = signed('jwt').authorization?.replace(/[^.]+$/u, 'AAAA') ?? ''
  const request = ask(PATH, { authorization: forged, size: 'as-granted' })
  await refusal(verifier.verify(request), 'grant-invalid')
})

test('a length that no upload has is refused, even if it is signed', async () => {
  const verifier = verifierOf(...SCHEMES)
  for (const size of [-1, 1.5, Number.NaN, Infinity, 1e15]) {
    for (const scheme of SCHEMES) {
      const shown = { ...signed(scheme, { ...SLOT, size }), size }
      await refusal(verifier.verify(ask(PATH, shown)), 'bad-request')
    }
  }
})

test('another length than the signed one is refused before a byte is read', async () => {
  const verifier = verifierOf(...SCHEMES)
  const expected: readonly (readonly [Scheme, number, RefusalCode])[] = [
    ['v1', 13, 'grant-invalid'],
    ['v2', 11, 'grant-invalid'],
    ['token', 13, 'grant-invalid'],
    ['bearer', 11, 'grant-invalid'],
    ['jwt', 13, 'file-too-large'],
    ['jwt', 11, 'size-mismatch'],
  ]
  for (const [scheme, size, code] of expected) {
    await refusal(verifier.verify(ask(PATH, { ...signed(scheme), size })), code)
  }
})

test('v3 signs no length: the request states it', async () => {
  const grant = await verifierOf('v3').verify(ask(PATH, { ...signed('v3'), size: 77 }))
  assert.equal(grant.size, 77)
})

test('hex is read in either case for v1, v2 and token, in lower case only for v3', async () => {
  for (const scheme of ['v1', 'v2', 'token', 'v3'] as const) {
    const query = (signed(scheme).query ?? '').replace(/[\da-f]{64}/u, (code) => code.toUpperCase())
    const attempt = verifierOf(scheme).verify(ask(PATH, { query }))
    if (scheme === 'v3') await refusal(attempt, 'grant-invalid')
    else assert.equal((await attempt).scheme, scheme)
  }
})

test('for v2 and token the type that fits the MAC is stored, whichever of the likely ones it is', async () => {
  const rows: readonly (readonly [sent: string | undefined, signedType: string, stored: string])[] =
    [
      ['image/jpeg', 'image/jpeg', 'image/jpeg'],
      ['Image/JPEG', 'image/jpeg', 'image/jpeg'],
      ['Image/JPEG', 'Image/JPEG', 'Image/JPEG'],
      ['text/plain; charset=utf-8', 'text/plain', 'text/plain'],
      ['text/plain ;charset=utf-8', 'text/plain', 'text/plain'],
      ['text/plain', 'application/octet-stream', 'application/octet-stream'],
      [undefined, 'application/octet-stream', 'application/octet-stream'],
      [undefined, 'image/jpeg', 'image/jpeg'],
      ['application/octet-stream', 'image/jpeg', 'image/jpeg'],
      ['image/jpeg', 'application/pgp-encrypted', 'application/pgp-encrypted'],
      ['image/jpeg', '', 'application/octet-stream'],
      ['', '', 'application/octet-stream'],
      ['not a type', 'not a type', 'application/octet-stream'],
    ]
  for (const scheme of ['v2', 'token'] as const) {
    for (const [contentType, signedType, stored] of rows) {
      const credential = signed(scheme, { ...SLOT, contentType: signedType })
      const shown = contentType === undefined ? credential : { ...credential, contentType }
      const grant = await verifierOf(scheme).verify(ask(PATH, shown))
      assert.equal(grant.contentType, stored, `${contentType} for ${signedType}`)
    }
    const other = { ...signed(scheme, { ...SLOT, contentType: 'image/png' }), contentType: 'a/b' }
    await refusal(verifierOf(scheme).verify(ask(PATH, other)), 'grant-invalid')
  }
})

test('where no type is signed the valid one of the request is stored, else octet-stream', async () => {
  const types = {
    'image/png': 'image/png',
    'text/plain; charset="utf-8";': 'text/plain; charset="utf-8";',
    'text/html\r\nset-cookie: a': 'application/octet-stream',
    text: 'application/octet-stream',
    'text/plain; charset': 'application/octet-stream',
    'a/b; c="\u00ff"': 'application/octet-stream',
    '': 'application/octet-stream',
  }
  for (const scheme of ['v1', 'v3', 'bearer'] as const) {
    for (const [contentType, stored] of Object.entries(types)) {
      const grant = await verifierOf(scheme).verify(ask(PATH, { ...signed(scheme), contentType }))
      assert.equal(grant.contentType, stored, contentType)
    }
  }
})

test('a hostile Content-Type is judged in linear time', async () => {
  const started = performance.now()
  const contentType = `a/b${`;${' '.repeat(60)}`.repeat(250)}!`
  const grant = await verifierOf('v1').verify(ask(PATH, { ...signed('v1'), contentType }))
  assert.equal(grant.contentType, 'application/octet-stream')
  assert.ok(performance.now() - started < 1000)
})

test('verify tells the expiry and leaves it to others to judge it', async () => {
  const past = { ...SLOT, expiresAt: NOW - 86_400_000 }
  for (const scheme of ['v3', 'bearer', 'jwt'] as const) {
    const grant = await verifierOf(scheme).verify(ask(PATH, signed(scheme, past)))
    assert.equal(grant.expiresAt, past.expiresAt)
  }
  for (const scheme of ['v1', 'v2', 'token'] as const) {
    const grant = await verifierOf(scheme).verify(ask(PATH, signed(scheme, past)))
    assert.equal('expiresAt' in grant, false)
    assert.equal('user' in grant, false)
  }
})

test('an expiry beyond all dates is the last date there is', async () => {
  const slot = { ...SLOT, expiresAt: 999_999_999_999_999 * 1000 }
  const grant = await verifierOf('v3').verify(ask(PATH, signed('v3', slot)))
  assert.equal(grant.expiresAt, 8_640_000_000_000_000)
})

test('a JWT needs every claim to fit', async () => {
  const seconds = NOW / 1000
  const wrong: Readonly<Record<string, Record<string, unknown>>> = {
    'claim slot': { slot: 5 },
    'claim filename': { filename: 'other.jpg' },
    'claim filesize': { filesize: '12' },
    'claim exp': { exp: undefined },
    'claim iat': { iat: seconds + 61 },
    'claim nbf': { nbf: seconds + 61 },
    'claim expires': { expires: 'never' },
    'claim sub': { sub: 'alice\0@example.org' },
  }
  for (const [why, claims] of Object.entries(wrong)) {
    const attempt = verifierOf('jwt').verify(ask(PATH, await jwtOf(claims)))
    assert.equal((await refusal(attempt, 'grant-invalid')).facts['why'], why)
  }
  const fits = { iat: seconds + 60, nbf: seconds + 60, filesize: 12.0, sub: '' }
  const grant = await verifierOf('jwt').verify(ask(PATH, await jwtOf(fits)))
  assert.equal(grant.issuedAt, NOW + 60_000)
  assert.equal('user' in grant, false)
  assert.equal('fileExpiresAt' in grant, false)
})

test('a JWT whose file has expired already is grant-expired', async () => {
  const expired = await jwtOf({ expires: NOW / 1000 - 61 })
  await refusal(verifierOf('jwt').verify(ask(PATH, expired)), 'grant-expired')
})

test("a JWT's own type is stored, whatever the request says", async () => {
  const rows = {
    'image/png': 'image/png',
    '': 'application/octet-stream',
    'a\nb': 'application/octet-stream',
  }
  for (const [filetype, stored] of Object.entries(rows)) {
    const shown = { ...(await jwtOf({ filetype })), contentType: 'text/html' }
    assert.equal((await verifierOf('jwt').verify(ask(PATH, shown))).contentType, stored)
  }
})

test('a JWT with another algorithm, type of token or payload is refused', async () => {
  const secret = secretOf('jwt')
  const hand = (header: string, payload: string, hash = 'sha256'): Credential => {
    const text = `${encode(header)}.${encode(payload)}`
    const code = createHmac(hash, secret).update(text).digest('base64url')
    return { authorization: `Bearer ${text}.${code}` }
  }
  const claims = JSON.stringify({ slot: 'slot', filename: 'photo.jpg', filesize: 12, exp: 4e9 })
  const sound = hand('{"alg":"HS256","typ":"JWT"}', claims)
  assert.equal((await verifierOf('jwt').verify(ask(PATH, sound))).scheme, 'jwt')
  const unsigned = `Bearer ${encode('{"alg":"none"}')}.${encode(claims)}.`
  const wrong: readonly Credential[] = [
    hand('{"alg":"HS512","typ":"JWT"}', claims, 'sha512'),
    hand('{"alg":"none","typ":"JWT"}', claims),
    hand('{"alg":"HS256","typ":"dpop+jwt"}', claims),
    hand('{"alg":"HS256","typ":"JWT","crit":["x"],"x":1}', claims),
    hand('{"alg":"HS256","typ":"JWT"}', '[]'),
    hand('{"alg":"HS256","typ":"JWT"}', 'null'),
    hand('{"alg":"HS256","typ":"JWT"}', '{'),
    hand('{"alg":"HS256","typ":7}', claims),
    hand('nothing', claims),
    { authorization: unsigned },
  ]
  for (const shown of wrong) {
    await refusal(verifierOf('jwt').verify(ask(PATH, shown)), 'grant-invalid')
  }
})

test('the facts of a refusal name the string that was signed, and neither secret nor MAC', async () => {
  const signedTexts: Readonly<Record<Scheme, RegExp>> = {
    v1: /^slot\/photo\.jpg 12$/u,
    v2: /^slot\/photo\.jpg\\x0012\\x00application\/octet-stream$/u,
    token: /^slot\/photo\.jpg\\x0012\\x00application\/octet-stream$/u,
    v3: /^PUT\\x0a1735689900\\x0a\/slot\/photo\.jpg$/u,
    bearer: /^alice@example\.org\\x00photo\.jpg\\x0012\\x00/u,
    jwt: /^\{"slot":"slot","filename":"photo\.jpg"/u,
  }
  for (const scheme of SCHEMES) {
    const credential = signSlot(scheme, SLOT, Buffer.from('quite another secret'))
    const attempt = grantVerifier(ALL, () => NOW).verify(ask(PATH, credential))
    const { facts } = await refusal(attempt, 'grant-invalid')
    assert.equal(facts['scheme'], scheme)
    assert.match(String(facts['signed']), signedTexts[scheme])
    const logged = JSON.stringify(facts)
    const codes = `${credential.query} ${credential.authorization}`.match(/[\w+/-]{43,}/gu) ?? []
    const code = codes.at(-1)
    assert.ok(code !== undefined && !logged.includes(code) && !logged.includes(secretOf(scheme)))
  }
})

test('bearer without a user and jwt without a folder cannot be signed', () => {
  const { user: _user, ...nobody } = SLOT
  const secret = Buffer.from(secretOf('jwt'))
  assert.throws(() => signSlot('bearer', nobody, secret), TypeError)
  assert.throws(() => signSlot('jwt', { ...SLOT, path: slotPath('file') }, secret), TypeError)
})
