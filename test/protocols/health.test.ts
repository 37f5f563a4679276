import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import type { Answer, Exchange } from '../../src/http/exchange.ts'
import { healthHandler } from '../../src/protocols/health/handler.ts'
import { createReadiness } from '../../src/protocols/health/readiness.ts'
import type { Readiness, ReadinessNeeds } from '../../src/protocols/health/readiness.ts'

function readinessOf(needs: Partial<ReadinessNeeds> = {}): Readiness {
  return createReadiness({
    slots: { ping: () => Promise.resolve() },
    blobs: { free: () => Promise.resolve(1) },
    version: '1.2.3',
    stopwatch: () => 0,
    ...needs,
  })
}

const LOST = (): Promise<never> => Promise.reject(new Error('lost'))

function bodyOf({ body }: Answer): unknown {
  return JSON.parse(String(body))
}

test('a server whose parts answer is ready and tells version and uptime', async () => {
  let now = 5_000
  const readiness = readinessOf({ stopwatch: () => now })
  now += 61_500
  const answer = await readiness.ready()
  assert.equal(answer.status, 200)
  assert.deepEqual(bodyOf(answer), { status: 'ok', version: '1.2.3', uptimeSeconds: 61 })
  assert.equal(answer.headers?.['cache-control'], 'no-store')
})

test('lost state with readable files is degraded, not down: downloads go on', async () => {
  const answer = await readinessOf({ slots: { ping: LOST } }).ready()
  assert.equal(answer.status, 200)
  assert.deepEqual(bodyOf(answer), {
    status: 'degraded',
    failed: ['state'],
    version: '1.2.3',
    uptimeSeconds: 0,
  })
})

test('unreadable files make the server not ready', async () => {
  const answer = await readinessOf({ slots: { ping: LOST }, blobs: { free: LOST } }).ready()
  assert.equal(answer.status, 503)
  assert.deepEqual(Reflect.get(Object(bodyOf(answer)), 'failed'), ['state', 'files'])
  assert.equal((await readinessOf({ blobs: { free: LOST } }).ready()).status, 503)
})

test('a part that hangs counts as lost after two seconds and is not asked again meanwhile', async () => {
  // Keeps the process running: the deadline of the question itself does not.
  await using alive = new AsyncDisposableStack()
  const timer = setInterval(() => undefined, 60_000)
  alive.defer(() => clearInterval(timer))
  const hung = Promise.withResolvers<void>()
  let asked = 0
  const ping = (): Promise<void> => {
    asked += 1
    return hung.promise
  }
  const readiness = readinessOf({ slots: { ping } })
  const answers = await Promise.all([readiness.ready(), readiness.ready()])
  assert.deepEqual(
    answers.map((answer) => Reflect.get(Object(bodyOf(answer)), 'status')),
    ['degraded', 'degraded'],
  )
  assert.equal(asked, 1)
  hung.resolve()
  await hung.promise
  assert.deepEqual(Reflect.get(Object(bodyOf(await readiness.ready())), 'status'), 'ok')
  assert.equal(asked, 2)
})

test('a part that has come back makes the server ready again', async () => {
  let ping: () => Promise<void> = LOST
  const readiness = readinessOf({ slots: { ping: () => ping() } })
  assert.equal(Reflect.get(Object(bodyOf(await readiness.ready())), 'status'), 'degraded')
  ping = () => Promise.resolve()
  assert.equal(Reflect.get(Object(bodyOf(await readiness.ready())), 'status'), 'ok')
})

const CLIENT = clientAddressOf(
  { kind: 'unix' },
  {},
  clientAddressPolicy({ source: 'peer', trustedProxies: [] }),
)

function unused(): never {
  assert.fail('health needs nothing but reply')
}

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code
}

async function answerTo(method: string, rawPath: string): Promise<Answer | undefined> {
  let answer: Answer | undefined
  const exchange: Exchange = {
    id: 'req-1',
    method,
    target: { rawPath, queryText: '', query: new URLSearchParams() },
    headers: {},
    client: CLIENT,
    body: { pump: unused, cut: unused },
    contentLength: undefined,
    interimWay: 'direct',
    signal: new AbortController().signal,
    adorn: unused,
    reply(given) {
      answer = given
    },
    inform: unused,
    begin: unused,
    write: unused,
    cut: unused,
  }
  await healthHandler(readinessOf({ blobs: { free: LOST } }))(exchange)
  return answer
}

test('the public listener answers live and ready, to GET and HEAD only', async () => {
  assert.equal((await answerTo('GET', '-/health/live'))?.status, 200)
  assert.equal((await answerTo('HEAD', '-/health/ready'))?.status, 503)
  await assert.rejects(answerTo('PUT', '-/health/live'), refused('method-not-allowed'))
  await assert.rejects(answerTo('GET', '-/health/metrics'), refused('not-found'))
})
