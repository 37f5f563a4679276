import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Repeated, repeating } from '../../src/app/repeating.ts'
import { pass } from './passing-time.ts'

/** Work that notes when it begins, and lasts until it is told to end. */
interface Work extends Pick<Repeated, 'work'> {
  readonly signals: AbortSignal[]
  /** Ends the run that began first of those that run. */
  end(): void
}

function lasting(): Work {
  const signals: AbortSignal[] = []
  const ends: (() => void)[] = []
  return {
    signals,
    end: () => ends.shift()?.(),
    async work(signal) {
      signals.push(signal)
      const { promise, resolve } = Promise.withResolvers<void>()
      ends.push(resolve)
      await promise
    },
  }
}

function stopTimers(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
}

test('work begins after every interval; one with a first time begins then, too', async (t) => {
  stopTimers(t)
  const begun: string[] = []
  const noting = (name: string): Pick<Repeated, 'work'> => ({
    work: async () => void begun.push(name),
  })
  await using _running = repeating(
    { every: 100, ...noting('plain') },
    { every: 100, first: 0, ...noting('at once') },
    { every: 100, first: 40, ...noting('early') },
  )
  await pass(t, 0)
  assert.deepEqual(begun.splice(0), ['at once'])
  await pass(t, 40)
  assert.deepEqual(begun.splice(0), ['early'])
  for (let times = 0; times < 2; times += 1) {
    await pass(t, times === 0 ? 60 : 100)
    assert.deepEqual(begun.splice(0), ['plain', 'at once', 'early'])
  }
})

test('a time that comes while the work still runs is passed over', async (t) => {
  stopTimers(t)
  const work = lasting()
  const running = repeating({ every: 10, ...work })
  for (let times = 0; times < 3; times += 1) await pass(t, 10)
  assert.equal(work.signals.length, 1)
  work.end()
  await pass(t, 0)
  await pass(t, 10)
  assert.equal(work.signals.length, 2)
  work.end()
  await running[Symbol.asyncDispose]()
})

test('works wait for each other, each of them once', async (t) => {
  stopTimers(t)
  const [long, short] = [lasting(), lasting()]
  const running = repeating({ every: 10, first: 0, ...long }, { every: 10, ...short })
  for (let times = 0; times < 3; times += 1) await pass(t, 10)
  assert.deepEqual([long.signals.length, short.signals.length], [1, 0])
  long.end()
  await pass(t, 0)
  assert.deepEqual([long.signals.length, short.signals.length], [1, 1])
  short.end()
  await running[Symbol.asyncDispose]()
})

test('disposing tells the run under way to end, waits for it, and begins no other', async (t) => {
  stopTimers(t)
  const work = lasting()
  const running = repeating({ every: 10, ...work })
  await pass(t, 10)
  let isOver = false
  const end = async (): Promise<void> => {
    await running[Symbol.asyncDispose]()
    isOver = true
  }
  const over = end()
  await pass(t, 100)
  assert.deepEqual([isOver, work.signals.map(({ aborted }) => aborted)], [false, [true]])
  work.end()
  await over
  await pass(t, 100)
  assert.equal(work.signals.length, 1)
})
