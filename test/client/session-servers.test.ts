/** Sessions of the SDK with servers that know nothing of them, or do not do as they should. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionKind } from '../../src/client/session/session-keeper.ts'
import type { Transport, UploadAnswer, UploadRequest } from '../../src/client/transport.ts'
import { openedSession } from './opened-session.ts'

type Fields = Readonly<Record<string, string>>

const KEY = 'KLO9ElNEcCETzFwfB8uvx5ZMoZaBarKaXIb0zsVWQ1U'
const TOLD = { 'x-session-id': 'one', 'x-session-key': KEY }
const CHALLENGE = { 'www-authenticate': 'HMAC-Challenge challenge="c-1", realm="upload"' }

/** A server that answers as it is told, and what it was asked. */
function scripted(answer: (request: UploadRequest) => readonly [number, Fields?]): {
  readonly transport: Transport
  readonly asked: UploadRequest[]
} {
  const asked: UploadRequest[] = []
  return {
    asked,
    transport: async (one) => {
      asked.push(one)
      const [status, headers = {}] = answer(one)
      return { status, headers: new Headers(headers) }
    },
  }
}

function request(
  method: UploadRequest['method'],
  signal = AbortSignal.timeout(5000),
): UploadRequest {
  return { method, url: 'https://files.example/a', headers: { a: 'b' }, signal }
}

test('a server that challenges for ever is answered five times', async () => {
  const { transport, asked } = scripted(({ method }) =>
    method === 'PUT' ? [201, TOLD] : [401, CHALLENGE],
  )
  const keeper = openedSession('hmac', { transport, keepsKeys: true })
  await keeper.transport(request('PUT'))
  const { status } = await keeper.transport(request('HEAD'))
  assert.deepEqual([status, asked.length], [401, 1 + 1 + 5])
})

test('a proof that no fresh nonce makes right is not sent again', async () => {
  const refusal = { 'www-authenticate': 'DPoP error="invalid_dpop_proof"', 'dpop-nonce': 'n' }
  const { transport, asked } = scripted(() => [401, refusal])
  const { status } = await openedSession('dpop', { transport, keepsKeys: true }).transport(
    request('PUT'),
  )
  assert.deepEqual([status, asked.length], [401, 1])
})

test('a refusal that is no challenge is passed on as it is', async () => {
  const { transport, asked } = scripted(({ method }) =>
    method === 'PUT' ? [201, TOLD] : [401, { 'www-authenticate': 'HMAC realm="upload"' }],
  )
  const keeper = openedSession('hmac', { transport, keepsKeys: true })
  await keeper.transport(request('PUT'))
  assert.equal((await keeper.transport(request('HEAD'))).status, 401)
  assert.equal(asked.length, 2)
})

test('a server that gave no session is asked for none again, and no request has more fields than it came with', async () => {
  for (const kind of ['hmac', 'dpop'] as const) {
    const { transport, asked } = scripted(() => [201])
    const keeper = openedSession(kind, { transport, keepsKeys: true })
    for (const method of ['HEAD', 'PUT', 'PUT', 'PATCH'] as const) {
      await keeper.transport(request(method))
    }
    const fields = asked.map(({ headers }) => Object.keys(headers).length)
    assert.deepEqual(fields, [1, 2, 1, 1])
    assert.equal(keeper.id, undefined)
  }
})

test('a server that refused the opening is asked for a session again, with the same nonce', async () => {
  let isReady = false
  const { transport, asked } = scripted(() => (isReady ? [201, TOLD] : [503]))
  const keeper = openedSession('hmac', { transport, keepsKeys: true })
  await keeper.transport(request('PUT'))
  isReady = true
  await keeper.transport(request('PUT'))
  const [first, second] = asked.map(({ headers }) => headers['x-session-accept'])
  assert.match(first ?? '', /^hmac-sha256; nonce="[\w-]{43}"$/u)
  assert.equal(first, second)
  assert.equal(keeper.id, 'one')
})

test('what another kind of session saved, or nobody, opens a new one', async () => {
  for (const saved of [{ kind: 'dpop', id: 'one', key: KEY }, {}, { kind: 'hmac', nonce: 7 }]) {
    const { transport, asked } = scripted(() => [201])
    const keeper = openedSession('hmac', { transport, keepsKeys: false, saved })
    await keeper.transport(request('PUT'))
    assert.ok(asked[0]?.headers['x-session-accept'] !== undefined)
  }
})

/** A server whose answers come when the test says so. */
function held(): {
  readonly transport: Transport
  readonly open: ((answer: UploadAnswer) => void)[]
} {
  const open: ((answer: UploadAnswer) => void)[] = []
  return {
    open,
    transport: async () => await new Promise<UploadAnswer>((resolve) => void open.push(resolve)),
  }
}

async function settle(): Promise<void> {
  await new Promise(setImmediate)
}

test('only one opening is under way at a time; who waits for it can be called off', async () => {
  const { transport, open } = held()
  const keeper = openedSession('hmac', { transport, keepsKeys: true })
  const caller = new AbortController()
  const first = keeper.transport(request('PUT'))
  const second = keeper.transport(request('PUT', caller.signal))
  const third = keeper.transport(request('PUT'))
  await settle()
  assert.equal(open.length, 1)
  caller.abort(new Error('called off'))
  await assert.rejects(second, /called off/u)
  open[0]?.({ status: 201, headers: new Headers(TOLD) })
  await first
  await settle()
  assert.equal(open.length, 2)
  open[1]?.({ status: 201, headers: new Headers() })
  assert.equal((await third).status, 201)
})

test('a page without WebCrypto uploads without a session', async (t) => {
  const real = Object.getOwnPropertyDescriptor(globalThis, 'crypto')
  assert.ok(real)
  t.after(() => void Object.defineProperty(globalThis, 'crypto', real))
  Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true })
  const kinds: readonly SessionKind[] = ['hmac', 'dpop']
  for (const kind of kinds) {
    const { transport, asked } = scripted(() => [201, TOLD])
    const keeper = openedSession(kind, { transport, keepsKeys: true })
    await keeper.transport(request('PUT'))
    assert.deepEqual(asked[0]?.headers, { a: 'b' })
    assert.deepEqual([await keeper.saved(), keeper.id], [undefined, undefined])
  }
})

test('a refusal opens no session, whatever it brings', async () => {
  const { transport, asked } = scripted(() => [401, TOLD])
  const keeper = openedSession('hmac', { transport, keepsKeys: true })
  await keeper.transport(request('PUT'))
  await keeper.transport(request('PUT'))
  assert.equal(keeper.id, undefined)
  assert.deepEqual(
    asked.map(({ headers }) => 'x-session-accept' in headers),
    [true, true],
  )
})

for (const [url, isBound] of [
  ['https://files.example/a', true],
  ['http://127.0.0.1:8080/a', true],
  ['http://[::1]:8080/a', true],
  ['http://localhost/a', true],
  ['http://files.localhost:80/a', true],
  ['http://files.example/a', false],
  ['http://localhost.example/a', false],
  ['http://127.0.0.1.example/a', false],
  ['http://127.0.0.1@files.example/a', false],
] as const) {
  test(`at ${url} a session is ${isBound ? 'opened' : 'never shown to those who listen'}`, async () => {
    const { transport, asked } = scripted(() => [201, TOLD])
    const keeper = openedSession('hmac', { transport, keepsKeys: true })
    for (const method of ['PUT', 'HEAD'] as const) {
      await keeper.transport({ ...request(method), url })
    }
    assert.equal(keeper.id, isBound ? 'one' : undefined)
    assert.deepEqual(
      asked.map(({ headers }) => Object.keys(headers).length),
      isBound ? [2, 2] : [1, 1],
    )
  })
}
