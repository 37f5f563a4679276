import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UploadRequest } from '../../src/client/transport.ts'
import { watched } from '../../src/client/watchdog.ts'
import { type ManualTime, manualTime } from './manual-time.ts'
import { toldNetwork } from './told-network.ts'

const STALL = 3000

type Method = UploadRequest['method']

/** A request under way, of which the test decides what becomes. */
interface Watched {
  readonly time: ManualTime
  /** Bytes are handed to the network. */
  readonly sent: (bytes: number) => void
  readonly answer: () => void
  /** Resolves to what became of it. */
  readonly outcome: Promise<string>
}

/** Sends requests of 1000 bytes, or of none, one after the other. */
function watchdog(
  usual: Method = 'PATCH',
  time = manualTime(),
): (bytes?: number, method?: Method) => Watched {
  let current: UploadRequest | undefined
  let answer: (() => void) | undefined
  const transport = watched(
    async (request) => {
      current = request
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      answer = resolve
      request.signal.addEventListener('abort', () => reject(new Error('aborted')))
      await promise
      return { status: 204, headers: new Headers() }
    },
    { stall: STALL, time, network: toldNetwork() },
  )
  return (bytes = 1000, method = usual) => {
    const asked = transport({
      method,
      url: 'https://files.example/-/uploads/a',
      headers: {},
      ...(bytes > 0 && { body: new Blob(['x'.repeat(bytes)]) }),
      signal: new AbortController().signal,
    })
    return {
      time,
      sent: (count) => current?.onSent?.(count),
      answer: () => answer?.(),
      outcome: asked.then(() => 'answered', String),
    }
  }
}

const DEAD = /The connection is dead/u

test('a connection on which no byte moves is dead after the time that was set, and no earlier', async () => {
  const one = watchdog()()
  one.time.pass(STALL - 1)
  one.sent(500)
  one.time.pass(STALL - 1)
  one.sent(900)
  one.time.pass(STALL)
  assert.match(await one.outcome, DEAD)
})

test('bytes that are told again are no progress', async () => {
  const one = watchdog()()
  one.sent(500)
  one.time.pass(STALL - 1)
  one.sent(500)
  one.time.pass(1)
  assert.match(await one.outcome, DEAD)
})

test('a question without an answer is given up after the same time', async () => {
  const one = watchdog()(0)
  one.time.pass(STALL)
  assert.match(await one.outcome, DEAD)
})

test('after the last byte an answer may take three times as long as the one before, and the set time', async () => {
  const send = watchdog()
  const first = send()
  first.sent(1000)
  first.time.pass(2000)
  first.answer()
  assert.equal(await first.outcome, 'answered')
  const second = send()
  second.sent(1000)
  second.time.pass(STALL + 3 * 2000 - 1)
  second.answer()
  assert.equal(await second.outcome, 'answered')
})

for (const [words, bytes, sent] of [
  ['an answer', 1000, 1000],
  ['a question', 0, 0],
  ['the first byte', 1000, 0],
] as const) {
  test(`where ${words} was not waited for long enough, twice as long is waited next`, async () => {
    const send = watchdog()
    const first = send(bytes)
    first.sent(sent)
    first.time.pass(STALL)
    assert.match(await first.outcome, DEAD)
    const second = send(bytes)
    second.sent(sent)
    second.time.pass(2 * STALL - 1)
    second.answer()
    assert.equal(await second.outcome, 'answered')
    const third = send()
    third.time.pass(STALL)
    assert.match(await third.outcome, DEAD, 'and what was answered counts no more')
  })
}

test('but not longer than half a minute', async () => {
  const send = watchdog()
  for (const _loss of [1, 2, 3, 4, 5]) {
    const one = send()
    one.sent(1000)
    one.time.pass(30_000)
    assert.match(await one.outcome, DEAD)
  }
})

test('a quick answer to a question takes nothing from the patience with appends', async () => {
  const send = watchdog()
  const slow = send()
  slow.sent(1000)
  slow.time.pass(2000)
  slow.answer()
  await slow.outcome
  const lost = send()
  lost.time.pass(STALL)
  await lost.outcome
  const question = send(0, 'HEAD')
  question.answer()
  await question.outcome
  const append = send()
  append.sent(1000)
  append.time.pass(2 * STALL + 3 * 2000 - 1)
  append.answer()
  assert.equal(await append.outcome, 'answered')
})

test('a whole file of a megabyte may take four seconds longer until it is answered, not until it is sent', async () => {
  const send = watchdog('PUT')
  const first = send(2 ** 20)
  first.sent(2 ** 20)
  first.time.pass(STALL + 3999)
  first.answer()
  assert.equal(await first.outcome, 'answered')
  const second = send(2 ** 20)
  second.sent(1000)
  second.time.pass(STALL)
  assert.match(await second.outcome, DEAD)
})

test('what ended otherwise is not watched any more', async () => {
  const one = watchdog()()
  one.answer()
  assert.equal(await one.outcome, 'answered')
  one.time.pass(10 * STALL)
})
