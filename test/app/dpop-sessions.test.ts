import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose'
import { BODY, PATH, last } from './bound-uploads.ts'
import { creation, head, located } from './rufh-client.ts'
import { PUBLIC_URL } from './session-client.ts'
import { type Site, startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { type RawRequest, type Reply, ask } from './wire-client.ts'

/** A client that makes its key itself. */
interface Phone {
  readonly secret: CryptoKey
  readonly jwk: JWK
}

async function phone(): Promise<Phone> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  return { secret: privateKey, jwk: await exportJWK(publicKey) }
}

/** The request with a DPoP proof (RFC 9449 §4.2) over a credential. */
async function signed<R extends RawRequest>(
  request: R,
  { secret, jwk }: Phone,
  { nonce, credential }: { nonce?: string | undefined; credential: string },
): Promise<R> {
  const { method = 'PUT', target, headers } = request
  const claims = {
    htm: method,
    htu: `http://files.example${target.split('?')[0]}`,
    jti: randomUUID(),
    ath: createHash('sha256').update(credential).digest('base64url'),
    ...(nonce === undefined ? {} : { nonce }),
  }
  const proof = await new SignJWT(claims)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
    .setIssuedAt()
    .sign(secret)
  return { ...request, headers: { ...headers, DPoP: proof } }
}

function careful(): SignedPut {
  const put = signedPut(PATH, BODY, { scheme: 'jwt' })
  return creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
}

function credentialOf({ headers }: SignedPut): string {
  return (headers['Authorization'] ?? '').replace(/^Bearer /u, '')
}

async function nonceOf(site: Site): Promise<string> {
  const slot = careful()
  const bare = await signed(slot, await phone(), { credential: credentialOf(slot) })
  const reply = await ask(site.port, bare)
  assert.equal(reply.status, 401)
  assert.match(reply.headers['www-authenticate'] ?? '', /^DPoP error="use_dpop_nonce"/u)
  return reply.headers['dpop-nonce'] ?? ''
}

async function opened(site: Site, client: Phone, slot = careful()): Promise<Reply> {
  const nonce = await nonceOf(site)
  return await ask(site.port, await signed(slot, client, { nonce, credential: credentialOf(slot) }))
}

test('a client with a key of its own binds its slot to it, and is told no key', async () => {
  await using site = await startSite([PUBLIC_URL])
  const client = await phone()
  const reply = await opened(site, client)
  assert.equal(reply.status, 201)
  const { 'x-session-id': id = '', 'dpop-nonce': nonce } = reply.headers
  assert.equal(reply.headers['x-session-key'], undefined)
  const whole = last(located(reply))
  const named = { ...whole, headers: { ...whole.headers, 'X-Session-ID': id } }
  const done = await ask(site.port, await signed(named, client, { nonce, credential: id }))
  assert.equal(done.status, 201)
})

test('another key, and none, are 401 on a slot that is bound to a key', async () => {
  await using site = await startSite([PUBLIC_URL])
  const reply = await opened(site, await phone())
  const { 'x-session-id': id = '', 'dpop-nonce': nonce } = reply.headers
  const asked = head(located(reply), 8, { 'X-Session-ID': id })
  const thief = await signed(asked, await phone(), { nonce, credential: id })
  const refused = await ask(site.port, thief)
  assert.equal(refused.status, 401)
  assert.match(refused.headers['www-authenticate'] ?? '', /^DPoP error="invalid_dpop_proof"/u)
  assert.equal((await ask(site.port, asked)).status, 401)
  assert.equal((await ask(site.port, head(located(reply), 8))).status, 401)
})

test('the same key may repeat a creation whose answer was lost; another may not', async () => {
  await using site = await startSite([PUBLIC_URL])
  const client = await phone()
  await opened(site, client)
  const again = await opened(site, client)
  assert.equal(again.status, 201)
  assert.match(again.headers['x-session-id'] ?? '', /^[\w-]{43}$/u)
  const other = await opened(site, await phone())
  assert.deepEqual([other.status, other.code], [409, 'session-exists'])
})
