import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { attempts } from '../../src/app/attempts.ts'
import { type Repeated, repeating } from '../../src/app/repeating.ts'
import { pass } from './passing-time.ts'

const attempt: Repeated['attempt'] = attempts((error) => assert.fail(String(error)))

/** Work that notes when it begins, and lasts until it is told to end. */
interface Work extends Pick<Repeated, 'work' | 'attempt'> {
  readonly signals: AbortSignal[]
  /** Ends the run that began first of those that run. */
  end(): void
  /** Has it fail. */
  fail(error: Error): void
}

function lasting(): Work {
  const signals: AbortSignal[] = []
  const runs: PromiseWithResolvers<void>[] = []
  return {
    signals,
    attempt,
    end: () => runs.shift()?.resolve(),
    fail: (error) => runs.shift()?.reject(error),
    async work(signal) {
      signals.push(signal)
      const run = Promise.withResolvers<void>()
      runs.push(run)
      await run.promise
    },
  }
}

function stopTimers(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
}

test('work begins after every interval; one with a first time begins then, too', async (t) => {
  stopTimers(t)
  const begun: string[] = []
  const noting = (name: string): Pick<Repeated, 'work' | 'attempt'> => ({
    attempt,
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

test('disposing tells the run under way to end, waits for it, and begins no other, nor what is due', async (t) => {
  stopTimers(t)
  const [work, due] = [lasting(), lasting()]
  const running = repeating({ every: 10, ...work }, { every: 10, ...due })
  await pass(t, 10)
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
  assert.deepEqual([work.signals.length, due.signals.length], [1, 0])
})

test('work that fails is told of and comes again, beside others; what fails because it was told to end is not', async (t) => {
  stopTimers(t)
  const told: unknown[] = []
  const failing = lasting()
  const other = lasting()
  const running = repeating(
    { every: 10, ...failing, attempt: attempts((error) => told.push(error)) },
    { every: 10, ...other },
  )
  await pass(t, 10)
  failing.fail(new Error('no store'))
  await pass(t, 0)
  other.end()
  await pass(t, 10)
  assert.deepEqual([told, failing.signals.length], [[new Error('no store')], 2])
  failing.end()
  await pass(t, 0)
  other.end()
  await pass(t, 10)
  const over = running[Symbol.asyncDispose]()
  failing.fail(new Error('told to end'))
  await over
  assert.equal(told.length, 1)
})
