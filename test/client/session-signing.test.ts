import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isJsonObject } from '../../src/core/json-object.ts'
import { signedPath } from '../../src/proof/signed-target.ts'
import { dpopProver } from '../../src/client/session/dpop-prover.ts'
import { hmacProver } from '../../src/client/session/hmac-prover.ts'
import { signedUrl } from '../../src/client/session/signed-url.ts'
import type { UploadRequest } from '../../src/client/transport.ts'

interface Vector {
  readonly method: 'PATCH' | 'PUT' | 'HEAD'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly challenge: string
  readonly mac: string
}

interface Vectors {
  readonly session: string
  readonly key: string
  readonly vectors: readonly Vector[]
}

function isVectors(value: unknown): value is Vectors {
  return isJsonObject(value) && Array.isArray(value['vectors']) && value['vectors'].length > 0
}

const FIXTURE = join(import.meta.dirname, '../fixtures/hmac-challenge.json')
const NEEDS = {
  keepsKeys: true,
  saved: {},
  clock: () => 1_795_320_000_500,
  random: (size: number) => new Uint8Array(size).fill(7),
}

function published(): Vectors {
  const parsed: unknown = JSON.parse(readFileSync(FIXTURE, 'utf8'))
  assert.ok(isVectors(parsed))
  return parsed
}

function request(asked: Partial<UploadRequest> = {}): UploadRequest {
  const signal = AbortSignal.timeout(1000)
  return { method: 'PUT', url: 'https://files.example/a', headers: {}, signal, ...asked }
}

test('the published vectors are answered as they say', async () => {
  const { session, key, vectors } = published()
  for (const { method, url, headers, challenge, mac } of vectors) {
    const prover = hmacProver({ ...NEEDS, saved: { key } })
    await prover.learn({ status: 200, headers: new Headers({ 'X-Next-Challenge': challenge }) })
    assert.deepEqual(await prover.fields(request({ method, url, headers }), session), {
      'x-session-id': session,
      'x-challenge-response': `${challenge}.${mac}`,
    })
  }
})

test('a path is signed as the server reads it, however it is spelled', () => {
  fc.assert(
    fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
      const url = new URL(`https://files.example${path}?${query}`)
      const expected = signedPath(url.pathname) + url.search
      assert.equal(signedUrl(url.href).target, expected)
    }),
  )
  assert.equal(signedUrl('https://a.example/ü(1)%7e%2f%').path, '/%C3%BC%281%29~/%25')
})

/** The parts of a proof, and whether it is signed with the key that it shows. */
function opened(proof: string): { header: object; claims: Record<string, unknown> } {
  const [header = '', claims = '', signature = ''] = proof.split('.')
  const [shown, said] = [header, claims].map((part) => {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    assert.ok(isJsonObject(parsed))
    return parsed
  })
  const { jwk, ...rest } = shown ?? {}
  assert.ok(isJsonObject(jwk) && !('d' in jwk))
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const bytes = Buffer.from(signature, 'base64url')
  const signed = Buffer.from(`${header}.${claims}`)
  assert.ok(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes))
  return { header: rest, claims: { ...said } }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

describe('a DPoP proof', () => {
  test('names method, URL without its query, time and nonce, and is signed with the key it shows', async () => {
    const prover = dpopProver(NEEDS)
    await prover.learn({ status: 401, headers: new Headers({ 'DPoP-Nonce': 'n-1' }) })
    const url = 'https://Files.example:443/a%2fb/(1)?v=AB'
    const { dpop = '' } = await prover.fields(request({ url }), undefined)
    const { header, claims } = opened(dpop)
    assert.deepEqual(header, { typ: 'dpop+jwt', alg: 'ES256' })
    assert.deepEqual(claims, {
      htm: 'PUT',
      htu: 'https://files.example/a/b/%281%29',
      ath: sha256('ab'),
      jti: Buffer.alloc(16, 7).toString('base64url'),
      iat: 1_795_320_000,
      nonce: 'n-1',
    })
  })

  test('is about the credential of the request, else the session, else the signature in the URL', async () => {
    const prover = dpopProver(NEEDS)
    const cases = [
      [{ headers: { authorization: 'Bearer a.b.c' } }, 'session', 'a.b.c'],
      [{ url: 'https://files.example/a?v2=FF' }, 'session', 'session'],
      [{ url: 'https://files.example/a?v2=FF' }, undefined, 'ff'],
      [{}, undefined, ''],
    ] as const
    for (const [asked, id, credential] of cases) {
      const { dpop = '' } = await prover.fields(request(asked), id)
      assert.equal(opened(dpop).claims['ath'], sha256(credential))
    }
  })
})
