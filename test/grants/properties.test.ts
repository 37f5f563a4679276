import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Scheme } from '../../src/core/grant.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { type SlotPath, fingerprintOf, isSlotPath } from '../../src/core/slot-path.ts'
import type { GrantRequest } from '../../src/grants/grant-request.ts'
import type { Credential, SlotToSign } from '../../src/grants/scheme.ts'
import { signSlot } from '../../src/grants/sign.ts'
import { grantVerifier } from '../../src/grants/verifier.ts'
import { NOW, only } from './requests.ts'

const SECRET = 'a secret of this test'
const KEY = Buffer.from(SECRET)
const listed = only(SECRET)
const verifier = grantVerifier(
  { v1: listed, v2: listed, token: listed, v3: listed, bearer: listed, jwt: listed },
  () => NOW,
)

const schemes = fc.constantFrom<Scheme>('v1', 'v2', 'token', 'v3', 'bearer', 'jwt')
const sizes = fc.maxSafeNat().map((size) => size % 1e15)

const segment = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((text) => text.replaceAll('/', '_'))
const paths: fc.Arbitrary<SlotPath> = fc
  .array(segment, { minLength: 2, maxLength: 4 })
  .map((segments) => segments.join('/'))
  .filter((text) => isSlotPath(text))

const types = fc.constantFrom('image/jpeg', 'text/plain; charset=utf-8', 'application/x-y')

const slots: fc.Arbitrary<SlotToSign & { readonly contentType: string }> = fc.record({
  path: paths,
  size: sizes,
  contentType: types,
  user: fc.emailAddress(),
  expiresAt: fc.integer({ min: 1, max: 4_102_444_800 }).map((seconds) => seconds * 1000),
})

function request(slot: SlotToSign, shown: Credential): GrantRequest {
  return {
    path: slot.path,
    query: new URLSearchParams(shown.query ?? ''),
    authorization: shown.authorization,
    contentType: slot.contentType,
    size: slot.size,
  }
}

async function isAccepted(asked: GrantRequest): Promise<boolean> {
  try {
    await verifier.verify(asked)
    return true
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error))
    return false
  }
}

function fileName(path: SlotPath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Another character at `index`, of the same alphabet as all MACs here. */
function flipped(text: string, index: number): string {
  const at = index % text.length
  return `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`
}

test('what is signed verifies, for every scheme and every safe path', async () => {
  await fc.assert(
    fc.asyncProperty(schemes, slots, async (scheme, slot) => {
      const grant = await verifier.verify(request(slot, signSlot(scheme, slot, KEY)))
      const timed = ['v3', 'bearer', 'jwt'].includes(scheme)
      const named = ['bearer', 'jwt'].includes(scheme)
      assert.equal(grant.scheme, scheme)
      assert.equal(grant.path, slot.path)
      assert.equal(grant.fingerprint, fingerprintOf(slot.path))
      assert.equal(grant.size, slot.size)
      assert.equal(grant.contentType, slot.contentType)
      assert.equal(grant.expiresAt, timed ? slot.expiresAt : undefined)
      assert.equal(grant.user, named ? slot.user : undefined)
      assert.equal(grant.claim !== undefined, scheme === 'bearer')
    }),
  )
})

test('another path is refused; bearer signs the file name only', async () => {
  await fc.assert(
    fc.asyncProperty(schemes, slots, paths, async (scheme, slot, path) => {
      const same = scheme === 'bearer' ? fileName(path) === fileName(slot.path) : path === slot.path
      const shown = signSlot(scheme, slot, KEY)
      assert.equal(await isAccepted(request({ ...slot, path }, shown)), same)
    }),
  )
})

test('one character of the path changed is refused', async () => {
  await fc.assert(
    fc.asyncProperty(schemes, slots, fc.nat(), async (scheme, slot, index) => {
      const name = fileName(slot.path)
      const path = `${slot.path.slice(0, -name.length)}${flipped(name, index)}`
      fc.pre(isSlotPath(path) && path !== slot.path)
      const shown = signSlot(scheme, slot, KEY)
      assert.equal(await isAccepted({ ...request(slot, shown), path }), false)
    }),
  )
})

test('another size is refused where one is signed', async () => {
  await fc.assert(
    fc.asyncProperty(schemes, slots, sizes, async (scheme, slot, size) => {
      const shown = signSlot(scheme, slot, KEY)
      const expected = scheme === 'v3' || size === slot.size
      assert.equal(await isAccepted(request({ ...slot, size }, shown)), expected)
    }),
  )
})

test('another type is refused where one is signed that the request does not suggest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom<Scheme>('v2', 'token'), slots, async (scheme, slot) => {
      const shown = signSlot(scheme, { ...slot, contentType: `${slot.contentType}x` }, KEY)
      assert.equal(await isAccepted(request(slot, shown)), false)
    }),
  )
})

test('one character of the MAC changed is refused', async () => {
  await fc.assert(
    fc.asyncProperty(schemes, slots, fc.nat(), async (scheme, slot, index) => {
      const { query = '', authorization = '' } = signSlot(scheme, slot, KEY)
      // The last character of a base64 text holds bits that no byte has: it may change nothing.
      const wrong = {
        query: query.replace(/[\da-f]{64}/u, (code) => flipped(code, index)),
        authorization: authorization.replace(/[\w+/-]{42}(?=.=?$)/u, (code) =>
          flipped(code, index),
        ),
      }
      assert.notDeepEqual(wrong, { query, authorization })
      assert.equal(await isAccepted(request(slot, wrong)), false)
    }),
  )
})

test('garbage is refused and nothing else is thrown', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^Bearer [\w.+/=-]*$/u),
    fc.stringMatching(/^[\w-]*\.[\w-]*\.[\w-]*$/u).map((jwt) => `Bearer ${jwt}`),
    fc.tuple(fc.json(), fc.json()).map(([head, body]) => {
      const parts = [head, body].map((part) => Buffer.from(part).toString('base64url'))
      return `Bearer ${parts.join('.')}.AAAA`
    }),
  )
  const names = fc.constantFrom('v', 'v2', 'v3', 'token', 'expires', 'user', 'expiry', 'x')
  const values = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\da-f]{64}$/u))
  const garbage: fc.Arbitrary<GrantRequest> = fc.record({
    path: paths,
    query: fc.array(fc.tuple(names, values)).map((pairs) => new URLSearchParams(pairs)),
    authorization: fc.option(text, { nil: undefined }),
    contentType: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
    size: fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(garbage, async (asked) => {
      assert.equal(await isAccepted(asked), false)
    }),
    { numRuns: 500 },
  )
})
