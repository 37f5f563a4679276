import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import { compactVerify } from 'jose'
import { Refusal } from '../../src/core/refusals.ts'
import { type SlotPath, parseSlotPath } from '../../src/core/slot-path.ts'
import type { GrantRequest } from '../../src/grants/grant-request.ts'
import { OCTET_STREAM } from '../../src/core/media-type.ts'
import { isHexMac } from '../../src/grants/signed-text.ts'
import { deleteToken, signSlot } from '../../src/grants/sign.ts'
import { v1Text } from '../../src/grants/v1.ts'
import { v2Text } from '../../src/grants/v2.ts'
import { type GrantVerifier, grantVerifier } from '../../src/grants/verifier.ts'
import fixture from '../fixtures/vectors.json' with { type: 'json' }
import { only, refusal } from './requests.ts'

type Vector = (typeof fixture.vectors)[number]

/** When the JWTs among the slots were made: 2026-11-22. */
const CAPTURED_AT = 1_795_320_277_000

/** Names that a server signs and that are no names of files, and sizes that no file has. */
const UNUSABLE = new Set(['.', '..', '', 'neg.bin'])

const byProtocol = Map.groupBy(fixture.vectors, (vector) => vector.protocol)

function slotsOf(protocol: string, count: number): readonly Vector[] {
  const slots = byProtocol.get(protocol) ?? []
  assert.equal(slots.length, count)
  return slots
}

function rawPath({ put_url, configured_base_url }: Vector): string {
  const url = put_url.slice(configured_base_url.length).replace(/^\//u, '')
  return url.split('?')[0] ?? ''
}

/** Decoded without judging it, as the signer knew it. */
function decodedPath(vector: Vector): string {
  return decodeURIComponent(rawPath(vector))
}

function queryOf({ put_url }: Vector): URLSearchParams {
  return new URLSearchParams(put_url.split('?')[1] ?? '')
}

function signedType(vector: Vector): string {
  return vector.request.content_type ?? OCTET_STREAM
}

function requestOf(vector: Vector): GrantRequest {
  return {
    path: parseSlotPath(rawPath(vector)),
    query: queryOf(vector),
    authorization: vector.authorization,
    contentType: vector.request.content_type ?? undefined,
    size: Number(vector.request.size),
  }
}

function verifierOf({ secret, delete_secret }: Vector): GrantVerifier {
  const listed = only(secret)
  const deleting = delete_secret === undefined ? {} : { tokenDelete: only(delete_secret) }
  return grantVerifier(
    { v1: listed, v2: listed, token: listed, jwt: listed, ...deleting },
    () => CAPTURED_AT,
  )
}

async function assertAnswered(vector: Vector): Promise<'accepted' | 'refused'> {
  if (UNUSABLE.has(vector.request.filename)) {
    await assert.rejects(
      async () => await verifierOf(vector).verify(requestOf(vector)),
      (error) => error instanceof Refusal && error.row.status === 400,
      vector.id,
    )
    return 'refused'
  }
  const grant = await verifierOf(vector).verify(requestOf(vector))
  assert.equal(grant.size, Number(vector.request.size), vector.id)
  assert.equal(grant.path, decodedPath(vector), vector.id)
  return 'accepted'
}

async function answers(vectors: readonly Vector[]): Promise<Record<string, number>> {
  const all = await Promise.all(vectors.map(assertAnswered))
  return Object.fromEntries(
    ['accepted', 'refused'].map((kind) => [kind, all.filter((answer) => answer === kind).length]),
  )
}

function deleteAnswer(verifier: GrantVerifier, path: SlotPath, query: URLSearchParams): string {
  try {
    verifier.verifyDelete(path, query)
    return 'passes'
  } catch (error) {
    assert.ok(error instanceof Refusal)
    assert.doesNotMatch(JSON.stringify(error.facts), /metronome-delete-secret/u)
    return error.code
  }
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex')
}

for (const [protocol, count, refused] of [
  ['prosody-external-v1', 28, 4],
  ['ejabberd-external-v1', 25, 3],
] as const) {
  test(`every MAC of ${protocol} is over path, blank and size; unusable names and sizes are refused`, async () => {
    const slots = slotsOf(protocol, count)
    for (const vector of slots) {
      const text = v1Text(decodedPath(vector), Number(vector.request.size))
      assert.equal(hexOf(text), vector.signed_hex, vector.id)
      const shown = queryOf(vector).get('v') ?? ''
      assert.ok(isHexMac(shown, [Buffer.from(vector.secret)], text), vector.id)
    }
    assert.deepEqual(await answers(slots), { accepted: count - refused, refused })
  })
}

for (const [protocol, parameter, count, refused] of [
  ['prosody-external-v2', 'v2', 28, 4],
  ['metronome-external-token', 'token', 4, 0],
] as const) {
  test(`every MAC of ${protocol} is over path, size and type; unusable names and sizes are refused`, async () => {
    const slots = slotsOf(protocol, count)
    for (const vector of slots) {
      const type = signedType(vector)
      const text = v2Text({ path: decodedPath(vector), size: Number(vector.request.size) }, type)
      assert.equal(hexOf(text), vector.signed_hex, vector.id)
      const shown = queryOf(vector).get(parameter) ?? ''
      assert.ok(isHexMac(shown, [Buffer.from(vector.secret)], text), vector.id)
    }
    assert.deepEqual(await answers(slots), { accepted: count - refused, refused })
  })
}

test('every JWT of prosody-file-share-jwt is signed; unusable names are refused', async () => {
  const slots = slotsOf('prosody-file-share-jwt', 23)
  for (const vector of slots) {
    const token = vector.authorization?.replace('Bearer ', '') ?? ''
    await compactVerify(token, Buffer.from(vector.secret), { algorithms: ['HS256'] })
  }
  assert.deepEqual(await answers(slots), { accepted: 20, refused: 3 })
})

test('a JWT of Prosody tells user, type and times', async () => {
  const [vector] = slotsOf('prosody-file-share-jwt', 23)
  assert.ok(vector !== undefined)
  const { fingerprint, ...grant } = await verifierOf(vector).verify(requestOf(vector))
  assert.match(fingerprint, /^[\w-]{43}$/u)
  assert.deepEqual(grant, {
    scheme: 'jwt',
    path: 'qxI4tXV5mpFe2Yx6cTxHc439/plain.jpg',
    size: 1_048_576,
    contentType: 'image/jpeg',
    user: 'alice@pf.test',
    issuedAt: 1_795_320_277_000,
    expiresAt: 1_795_320_577_000,
    fileExpiresAt: 1_795_925_077_000,
  })
})

test('an empty type that was signed is served as octet-stream', async () => {
  for (const id of ['p2-12', 'pf-12']) {
    const vector = fixture.vectors.find((candidate) => candidate.id === id)
    assert.ok(vector !== undefined)
    const grant = await verifierOf(vector).verify(requestOf(vector))
    assert.equal(grant.contentType, OCTET_STREAM)
  }
})

test('a signed DELETE of Metronome passes, and only for its path and both of its secrets', () => {
  const slots = slotsOf('metronome-external-token', 4)
  for (const vector of slots) {
    assert.ok(vector.delete_url !== undefined && vector.delete_secret !== undefined)
    const query = new URLSearchParams(vector.delete_url.split('?')[1])
    const path = parseSlotPath(rawPath(vector))
    const keys = { key: Buffer.from(vector.secret), inside: Buffer.from(vector.delete_secret) }
    assert.equal(deleteToken(path, keys), query.get('token'))
    assert.equal(deleteAnswer(verifierOf(vector), path, query), 'passes')
    const other = parseSlotPath(`${rawPath(vector)}x`)
    const another = verifierOf({ ...vector, delete_secret: 'another-delete-secret' })
    const without = grantVerifier({ token: only(vector.secret) }, () => CAPTURED_AT)
    const twice = new URLSearchParams(`${query.toString()}&${query.toString()}`)
    assert.equal(deleteAnswer(verifierOf(vector), other, query), 'grant-invalid')
    assert.equal(deleteAnswer(verifierOf(vector), path, queryOf(vector)), 'grant-invalid')
    assert.equal(deleteAnswer(verifierOf(vector), path, twice), 'grant-invalid')
    assert.equal(deleteAnswer(verifierOf(vector), path, new URLSearchParams()), 'no-credential')
    assert.equal(deleteAnswer(another, path, query), 'grant-invalid')
    assert.equal(deleteAnswer(without, path, query), 'grant-invalid')
  }
})

test('a DELETE token uploads nothing', async () => {
  const [vector] = slotsOf('metronome-external-token', 4)
  assert.ok(vector?.delete_url !== undefined)
  const query = new URLSearchParams(vector.delete_url.split('?')[1])
  await refusal(verifierOf(vector).verify({ ...requestOf(vector), query }), 'grant-invalid')
})

test('what we sign for a slot is what its XMPP server signed', () => {
  let compared = 0
  const schemes = {
    'prosody-external-v1': 'v1',
    'ejabberd-external-v1': 'v1',
    'prosody-external-v2': 'v2',
    'metronome-external-token': 'token',
  } as const
  for (const [protocol, scheme] of Object.entries(schemes)) {
    for (const vector of byProtocol.get(protocol) ?? []) {
      if (UNUSABLE.has(vector.request.filename)) continue
      const slot = {
        path: parseSlotPath(rawPath(vector)),
        size: Number(vector.request.size),
        contentType: signedType(vector),
        expiresAt: CAPTURED_AT,
      }
      const { query } = signSlot(scheme, slot, Buffer.from(vector.secret))
      assert.equal(query, queryOf(vector).toString(), vector.id)
      compared += 1
    }
  }
  assert.equal(compared, 74)
})

test('the fixture agrees with itself: each MAC is the HMAC of the bytes it names', () => {
  const signed = fixture.vectors.filter((vector) => vector.signed_hex !== undefined)
  assert.equal(signed.length, 85)
  for (const vector of signed) {
    const bytes = Buffer.from(vector.signed_hex ?? '', 'hex')
    const code = createHmac('sha256', vector.secret).update(bytes).digest('hex')
    assert.ok([...queryOf(vector).values()].includes(code), vector.id)
  }
})
