import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UploadRequest } from '../../src/client/transport.ts'
import { watched } from '../../src/client/watchdog.ts'
import { type ManualTime, manualTime } from './manual-time.ts'
import { type ToldNetwork, toldNetwork } from './told-network.ts'

const RESOURCE = 'https://files.example/up/-/uploads/a'
const SLOT = 'https://files.example/up/b2/film.mp4'

const STALL = 3000
/** Milliseconds that a request has after a probe was answered. */
const GRACE = 1000

/** A request under way, and the probes that were sent beside it. */
interface UnderWay {
  readonly network: ToldNetwork
  readonly time: ManualTime
  readonly requests: UploadRequest[]
  /** Resolves when all that follows from the newest probe's answer has followed. */
  readonly answerProbe: () => Promise<void>
  readonly answer: () => void
  /** Bytes of the request are handed to the network. */
  readonly sent: (bytes: number) => void
  readonly outcome: Promise<string>
}

function underWay(method: UploadRequest['method'], url: string): UnderWay {
  const network = toldNetwork()
  const time = manualTime()
  const requests: UploadRequest[] = []
  const answers: (() => void)[] = []
  const transport = watched(
    async (request) => {
      requests.push(request)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      answers.push(resolve)
      request.signal.addEventListener('abort', () => reject(new Error('aborted')))
      await promise
      return { status: 200, headers: new Headers() }
    },
    { stall: STALL, time, network },
  )
  const { signal } = new AbortController()
  const body = new Blob([new Uint8Array(method === 'HEAD' ? 0 : 10_000)])
  const asked = transport({ method, url, headers: {}, body, signal })
  return {
    network,
    time,
    requests,
    async answerProbe() {
      answers.at(-1)?.()
      await new Promise(setImmediate)
    },
    answer: () => answers[0]?.(),
    sent: (bytes) => requests[0]?.onSent?.(bytes),
    outcome: asked.then(() => 'answered', String),
  }
}

const DEAD = /The connection is dead/u

test('an append that does not move for a second after a probe was answered is dead', async () => {
  const { network, time, requests, answerProbe, outcome } = underWay('PATCH', RESOURCE)
  network.change()
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    [`PATCH ${RESOURCE}`, 'GET https://files.example/up/-/health/live'],
  )
  await answerProbe()
  time.pass(GRACE - 1)
  assert.equal(requests[0]?.signal.aborted, false)
  time.pass(1)
  assert.match(await outcome, DEAD)
})

test('an append that moves is left alone, however often the network changes', async () => {
  const { network, time, sent, answerProbe, answer, outcome } = underWay('PATCH', RESOURCE)
  for (const bytes of [1000, 2000, 3000, 4000]) {
    network.change()
    await answerProbe()
    time.pass(GRACE - 1)
    sent(bytes)
  }
  time.pass(GRACE - 1)
  answer()
  assert.equal(await outcome, 'answered')
})

test('what buffers take after the change is no reason to wait longer', async () => {
  const { network, time, sent, answerProbe, outcome } = underWay('PATCH', RESOURCE)
  network.change()
  await answerProbe()
  sent(1000)
  time.pass(GRACE)
  assert.match(await outcome, DEAD)
})

test('a question that is answered within that second is left alone', async () => {
  const { network, time, answerProbe, answer, outcome } = underWay('HEAD', RESOURCE)
  network.change()
  await answerProbe()
  time.pass(GRACE - 1)
  answer()
  assert.equal(await outcome, 'answered')
})

test('a probe without an answer ends nothing, and ends with its request', async () => {
  const { network, time, requests, answer, outcome } = underWay('HEAD', RESOURCE)
  network.change()
  time.pass(STALL - 1)
  answer()
  assert.equal(await outcome, 'answered')
  assert.equal(requests[1]?.signal.aborted, true)
})

test('a slot is probed by OPTIONS: nobody knows of a path for health there', () => {
  const { network, requests } = underWay('PUT', SLOT)
  network.change()
  assert.deepEqual([requests[1]?.method, requests[1]?.url], ['OPTIONS', SLOT])
})

test('what is answered is probed no more', async () => {
  const { network, requests, answer, outcome } = underWay('PATCH', RESOURCE)
  answer()
  assert.equal(await outcome, 'answered')
  network.change()
  assert.equal(requests.length, 1)
})
