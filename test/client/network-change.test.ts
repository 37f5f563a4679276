import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leavingDeadNetworks } from '../../src/client/network-change.ts'
import type { UploadRequest } from '../../src/client/transport.ts'
import { type ToldNetwork, toldNetwork } from './told-network.ts'

const RESOURCE = 'https://files.example/up/-/uploads/a'
const SLOT = 'https://files.example/up/b2/film.mp4'

/** A request under way, and the probes that were sent beside it. */
interface UnderWay {
  readonly network: ToldNetwork
  readonly requests: UploadRequest[]
  /** Answers the newest request. */
  readonly answer: () => void
  readonly answerFirst: () => void
  /** Bytes of the first request are handed to the network. */
  readonly sent: (bytes: number) => void
  readonly outcome: Promise<string>
}

function underWay(method: UploadRequest['method'], url: string): UnderWay {
  const network = toldNetwork()
  const requests: UploadRequest[] = []
  const answers: (() => void)[] = []
  const transport = leavingDeadNetworks(async (request) => {
    requests.push(request)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    answers.push(resolve)
    request.signal.addEventListener('abort', () => reject(new Error('aborted')))
    await promise
    return { status: 200, headers: new Headers() }
  }, network)
  const { signal } = new AbortController()
  const asked = transport({ method, url, headers: {}, signal })
  return {
    network,
    requests,
    answer: () => answers.at(-1)?.(),
    answerFirst: () => answers[0]?.(),
    sent: (bytes) => requests[0]?.onSent?.(bytes),
    outcome: asked.then(() => 'answered', String),
  }
}

test('on another network the probe goes first; answered before the append moves, it ends the append', async () => {
  const { network, requests, answer, outcome } = underWay('PATCH', RESOURCE)
  network.change()
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    [`PATCH ${RESOURCE}`, 'GET https://files.example/up/-/health/live'],
  )
  answer()
  assert.match(await outcome, /another network/u)
})

test('an append that moves has come along to the other network, and goes on', async () => {
  const { network, requests, answer, answerFirst, sent, outcome } = underWay('PATCH', RESOURCE)
  network.change()
  sent(1000)
  answer()
  // Whatever follows from the probe's answer has followed by then.
  await new Promise(setImmediate)
  answerFirst()
  assert.equal(await outcome, 'answered')
  assert.equal(requests[0]?.signal.aborted, false)
})

test('a probe without an answer ends nothing, and ends with its request', async () => {
  const { network, requests, answerFirst, outcome } = underWay('HEAD', RESOURCE)
  network.change()
  answerFirst()
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
