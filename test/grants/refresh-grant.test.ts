import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Grant } from '../../src/core/grant.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { type RefreshKeys, signRefresh } from '../../src/grants/refresh-grant.ts'
import { grantVerifier } from '../../src/grants/verifier.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000
const PATH = parseSlotPath('a/photo.jpg')
const KEYS = keysOf(1)
const SLOT = {
  path: PATH,
  size: 7,
  contentType: 'image/jpeg',
  scheme: 'v2',
  user: 'romeo@example.org',
  session: 'session',
  refresh: 3,
} as const

function keysOf(seed: number): RefreshKeys {
  const key = Buffer.alloc(32, seed)
  return { kid: 'one', find: (kid) => (kid === 'one' ? key : undefined) }
}

async function verified(
  token: string,
  { now = NOW, path = PATH, size = 7, keys = KEYS } = {},
): Promise<Grant> {
  return await grantVerifier({}, () => now, keys).verify({
    path,
    size,
    query: new URLSearchParams(),
    authorization: `Bearer ${token}`,
    contentType: 'text/plain',
  })
}

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code
}

test('a fresh grant names the key that signed it, should another become current meanwhile', async () => {
  let asked = 0
  const keys = {
    get kid() {
      asked += 1
      return asked === 1 ? 'old' : 'new'
    },
    find: (kid: string) => Buffer.alloc(32, kid),
  }
  const { token } = signRefresh(SLOT, keys, NOW)
  assert.equal((await verified(token, { keys })).path, PATH)
})

test('a fresh grant is for the slot and the session that it was signed for, for a day', async () => {
  const { token, expiresAt } = signRefresh(SLOT, KEYS, NOW)
  assert.equal(expiresAt, NOW + DAY)
  assert.partialDeepStrictEqual(await verified(token), {
    path: PATH,
    size: 7,
    contentType: 'image/jpeg',
    scheme: 'v2',
    user: 'romeo@example.org',
    expiresAt,
    refresh: { session: 'session', number: 3 },
  })
  await assert.rejects(verified(token, { now: NOW + DAY + 61_000 }), refused('grant-expired'))
  await assert.rejects(verified(token, { size: 8 }), refused('size-mismatch'))
  const other = parseSlotPath('b/photo.jpg')
  await assert.rejects(verified(token, { path: other }), refused('grant-invalid'))
  await assert.rejects(verified(token, { keys: keysOf(2) }), refused('grant-invalid'))
})

test('no other text than the signed one is a fresh grant', async () => {
  const { token } = signRefresh(SLOT, KEYS, NOW)
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length - 1), fc.base64String(), async (at, text) => {
      const forged = `${token.slice(0, at)}${text.replaceAll(/[+/=]/gu, '')}${token.slice(at + 1)}`
      fc.pre(forged !== token)
      await assert.rejects(verified(forged), Refusal)
    }),
  )
})

test('a JWT that says it is one, signed with another algorithm or none, is not', async () => {
  const [, payload, signature] = signRefresh(SLOT, KEYS, NOW).token.split('.')
  for (const alg of ['none', 'HS512']) {
    const header = { typ: 'hfs-refresh+jwt', alg, kid: 'one' }
    const text = Buffer.from(JSON.stringify(header)).toString('base64url')
    await assert.rejects(verified(`${text}.${payload}.${signature}`), Refusal)
    await assert.rejects(verified(`${text}.${payload}.`), Refusal)
  }
})
