/** What somebody without the client's own key tries on a session that is bound to it (RFC 9449). */
import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { MOBILE, WIFI, last, opening } from './bound-uploads.ts'
import { slotOf } from './attacked-upload.ts'
import {
  type DpopSession,
  type Spoiled,
  coveredBy,
  dpopKey,
  dpopProof,
  dpopProved,
  nonceIn,
  openedByDpop,
} from './dpop-client.ts'
import { head, located } from './rufh-client.ts'
import { PUBLIC_URL, proof } from './session-client.ts'
import { type Line, type Site, auditOf, startSite } from './site.ts'
import type { SignedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

/** An upload with a session that is bound to its owner's key, and what a thief has of it. */
interface Upload {
  readonly site: Site
  readonly put: SignedPut
  readonly target: string
  readonly session: DpopSession
  /** A request of the owner that was answered. */
  readonly captured: RawRequest
}

interface Attack {
  readonly request: (upload: Upload) => RawRequest | Promise<RawRequest>
  /** `error` of the refusal. */
  readonly error: 'use_dpop_nonce' | 'invalid_dpop_proof'
  readonly why: string
}

function question({ target }: Pick<Upload, 'target'>): RawRequest {
  return head(target, 8)
}

/** The right proof but for one thing. */
function spoiled(how: (upload: Upload) => Spoiled): Attack['request'] {
  return (upload) => dpopProved(question(upload), upload.session, how(upload))
}

const WRONG = { error: 'invalid_dpop_proof' } as const
const STALE = { error: 'use_dpop_nonce' } as const

const ATTACKS: Readonly<Record<string, Attack>> = {
  'a proof that was shown before': {
    request: ({ captured }) => captured,
    ...WRONG,
    why: 'used',
  },
  'a proof that is not signed (alg: none)': {
    request: spoiled(() => ({ header: { alg: 'none' }, signature: () => Buffer.alloc(0) })),
    ...WRONG,
    why: 'malformed',
  },
  'a proof that claims not to be signed, and is': {
    request: spoiled(() => ({ header: { alg: 'none' } })),
    ...WRONG,
    why: 'algorithm',
  },
  'an HMAC with the public key for its secret': {
    request: spoiled(({ session }) => ({
      header: { alg: 'HS256' },
      signature: (text) => hmac(spki(session), text),
    })),
    ...WRONG,
    why: 'algorithm',
  },
  'an HMAC with the public key for its secret, under the name of the right algorithm': {
    request: spoiled(({ session }) => ({ signature: (text) => hmac(spki(session), text) })),
    ...WRONG,
    why: 'wrong',
  },
  'an HMAC whose key is shown as one': {
    request: spoiled(() => ({
      header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } },
      signature: (text) => hmac(Buffer.from('AAAA', 'base64url'), text),
    })),
    ...WRONG,
    why: 'algorithm',
  },
  'a weaker algorithm': {
    request: spoiled(() => ({ header: { alg: 'ES256K' } })),
    ...WRONG,
    why: 'algorithm',
  },
  'a key of the thief': {
    request: (upload) => dpopProved(question(upload), { ...upload.session, key: dpopKey() }),
    ...WRONG,
    why: 'key',
  },
  'a key of the thief, of another kind': {
    request: (upload) => dpopProved(question(upload), { ...upload.session, key: dpopKey('EdDSA') }),
    ...WRONG,
    why: 'key',
  },
  'the owner’s public key over a signature of the thief': {
    request: (upload) => {
      const { jwk } = upload.session.key
      const mixed = { ...upload.session, key: { ...dpopKey(), jwk } }
      return dpopProved(question(upload), mixed)
    },
    ...WRONG,
    why: 'wrong',
  },
  'a signature of no bytes': {
    request: spoiled(() => ({ signature: () => Buffer.alloc(64) })),
    ...WRONG,
    why: 'wrong',
  },
  'a private key': {
    request: spoiled(({ session: { key } }) => ({
      header: { jwk: key.privateKey.export({ format: 'jwk' }) },
    })),
    ...WRONG,
    why: 'key',
  },
  'a JWT of another type': {
    request: spoiled(() => ({ header: { typ: 'JWT' } })),
    ...WRONG,
    why: 'malformed',
  },
  'a proof that asks for more to be understood': {
    request: spoiled(() => ({ header: { crit: ['exp'] } })),
    ...WRONG,
    why: 'malformed',
  },
  'a proof for another method': {
    request: spoiled(() => ({ claims: { htm: 'GET' } })),
    ...WRONG,
    why: 'method',
  },
  'a proof for another upload': {
    request: spoiled(({ target }) => ({ claims: { htu: `http://files.example${target}x` } })),
    ...WRONG,
    why: 'url',
  },
  'a proof for another host': {
    request: spoiled(({ target }) => ({ claims: { htu: `http://evil.example${target}` } })),
    ...WRONG,
    why: 'url',
  },
  'a proof for another port': {
    request: spoiled(({ target }) => ({ claims: { htu: `http://files.example:81${target}` } })),
    ...WRONG,
    why: 'url',
  },
  'a proof for https in the place of http': {
    request: spoiled(({ target }) => ({ claims: { htu: `https://files.example${target}` } })),
    ...WRONG,
    why: 'url',
  },
  'a proof for another credential': {
    request: spoiled(() => ({ claims: { ath: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU' } })),
    ...WRONG,
    why: 'credential',
  },
  'a proof for no credential': {
    request: spoiled(() => ({ claims: { ath: undefined } })),
    ...WRONG,
    why: 'credential',
  },
  'a proof without a name of its own': {
    request: spoiled(() => ({ claims: { jti: undefined } })),
    ...WRONG,
    why: 'malformed',
  },
  'a proof of the week before': {
    request: spoiled(() => ({ claims: { iat: Math.floor(systemClock() / 1000) - 7 * 86_400 } })),
    ...WRONG,
    why: 'time',
  },
  'a proof without a nonce': {
    request: spoiled(() => ({ claims: { nonce: undefined } })),
    ...STALE,
    why: 'nonce',
  },
  'a proof with a nonce of its own': {
    request: spoiled(() => ({ claims: { nonce: 'A'.repeat(50) } })),
    ...STALE,
    why: 'nonce',
  },
  'a proof with the nonce of another server': {
    request: async (upload) => {
      await using other = await startSite([PUBLIC_URL])
      const asked = await ask(other.port, having(question(upload), { DPoP: 'a.b.c' }))
      const session = { ...upload.session, nonce: nonceIn(asked) }
      return dpopProved(question(upload), session)
    },
    ...STALE,
    why: 'nonce',
  },
  'two proofs': {
    request: (upload) => {
      const covered = coveredBy(question(upload), upload.session)
      const both = [dpopKey(), upload.session.key].map((key) => dpopProof(key, covered))
      const fields = { 'X-Session-ID': upload.session.id, DPoP: both.join(', ') }
      return having(question(upload), fields)
    },
    ...WRONG,
    why: 'malformed',
  },
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function spki({ key }: DpopSession): Buffer {
  return Buffer.from(
    createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
  )
}

/** Runs a site with an upload; after the attack its owner finishes it. Resolves to what the audit trail tells of the thief. */
async function survived(attack: (upload: Upload) => Promise<void>): Promise<readonly Line[]> {
  await using site = await startSite([PUBLIC_URL])
  const put = slotOf()
  const opened = await openedByDpop(site, opening(undefined, { ...put, from: WIFI }))
  const target = located(opened.reply)
  const captured = dpopProved({ ...head(target, 8), from: WIFI }, opened.session)
  const first = await ask(site.port, captured)
  assert.equal(first.status, 204)
  const session = { ...opened.session, nonce: nonceIn(first) }
  await attack({ site, put, target, session, captured })
  const end = await ask(site.port, { ...dpopProved(last(target), session), from: WIFI })
  assert.equal(end.status, 201)
  assert.deepEqual(await contentOf(site, 'a/b.txt'), put.body)
  await site.server.shutdown()
  return (await auditOf(site.folder)).filter(({ address }) => address === MOBILE)
}

function assertRefused({ status, headers }: Reply, error: string): void {
  assert.equal(status, 401)
  assert.equal(headers['www-authenticate'], `DPoP error="${error}", algs="ES256 EdDSA"`)
  assert.match(headers['dpop-nonce'] ?? '', /^[\w-]{50}$/u)
  assert.deepEqual(
    [headers['x-security-level'], headers['x-auth-required'], headers['cache-control']],
    ['2', 'challenge-response', 'no-store'],
  )
  for (const name of ['x-session-id', 'x-session-key', 'upload-offset'])
    assert.equal(headers[name], undefined, name)
}

describe('a session that is bound to its client’s key is not proved by', () => {
  for (const [name, { request, error, why }] of Object.entries(ATTACKS)) {
    test(name, async () => {
      const lines = await survived(async (upload) => {
        assertRefused(
          await ask(upload.site.port, { ...(await request(upload)), from: MOBILE }),
          error,
        )
      })
      assert.deepEqual(
        lines.map((line) => [line['event'], line['why']]),
        [['unproved', why]],
      )
    })
  }

  test('an answer to a challenge, with whatever key', async () => {
    const lines = await survived(async ({ site, target, session }) => {
      const asked = head(target, 8, { 'X-Session-ID': session.id })
      const { headers } = await ask(site.port, { ...asked, from: '127.0.2.2' })
      const [, challenge = ''] =
        /challenge="([^"]+)"/u.exec(headers['www-authenticate'] ?? '') ?? []
      const guessed = { id: session.id, key: Buffer.from(session.id).toString('base64url') }
      const fields = proof(asked, guessed, challenge)
      const reply = await ask(site.port, { ...having(asked, fields), from: MOBILE })
      assert.equal(reply.status, 401)
    })
    assert.deepEqual(
      lines.map((line) => [line['event'], line['why']]),
      [['unproved', 'unknown-session']],
    )
  })

  test('the slot token as a bearer token (RFC 9449 §7.1)', async () => {
    await survived(async ({ site, put }) => {
      const reply = await ask(site.port, { ...put, from: MOBILE })
      assert.deepEqual([reply.status, reply.code], [401, 'proof-required'])
    })
  })
})

test('a key of the server is never told for a session that has its client’s', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { reply } = await openedByDpop(site, opening(undefined, slotOf()))
  assert.match(reply.headers['x-session-id'] ?? '', /^[\w-]{43}$/u)
  assert.equal(reply.headers['x-session-key'], undefined)
  assert.equal(reply.headers['x-next-challenge'], undefined)
})

test('the creation is repeated by the same key only, and then its older session is worth nothing', async () => {
  await using site = await startSite([PUBLIC_URL])
  const creation = opening(undefined, slotOf())
  const key = dpopKey('EdDSA')
  const lost = await openedByDpop(site, creation, key)
  const other = { id: '', key: dpopKey(), nonce: lost.session.nonce }
  const thiefs = await ask(site.port, { ...dpopProved(creation, other), from: MOBILE })
  assert.deepEqual([thiefs.status, thiefs.code], [409, 'session-exists'])
  const again = await openedByDpop(site, creation, key)
  assert.notEqual(again.session.id, lost.session.id)
  const target = located(again.reply)
  const stale = await ask(site.port, dpopProved(head(target, 8), lost.session))
  assert.equal(stale.status, 401)
  assert.equal((await ask(site.port, dpopProved(last(target), again.session))).status, 201)
})

test('a slot whose grant stands in the query is bound by a proof of its MAC', async () => {
  await using site = await startSite([PUBLIC_URL])
  const creation = opening()
  const key = dpopKey()
  const asked = await ask(site.port, having(creation, { DPoP: 'a.b.c' }))
  const covered = coveredBy(creation, { id: '', nonce: nonceIn(asked) })
  const wrong = { ...covered, credential: 'another' }
  assertRefused(
    await ask(site.port, having(creation, { DPoP: dpopProof(key, wrong) })),
    'invalid_dpop_proof',
  )
  const reply = await ask(site.port, having(creation, { DPoP: dpopProof(key, covered) }))
  assert.equal(reply.status, 201)
})
