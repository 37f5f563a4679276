import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Check } from '../../src/cli/doctor/check.ts'
import { CheckEnded } from '../../src/cli/doctor/check-ended.ts'
import { type Result, examine } from '../../src/cli/doctor/examination.ts'
import { failed, ok, skipped } from '../../src/cli/doctor/finding.ts'
import { openDeployment } from '../../src/cli/doctor/opened-deployment.ts'

const NEVER = new AbortController().signal

/** Runs checks that look at nothing. */
async function examined(checks: readonly Check[], signal = NEVER): Promise<readonly Result[]> {
  const publicUrl = new URL('https://upload.example.org/')
  const nothing = { config: undefined, credentials: undefined, given: undefined }
  await using deployment = openDeployment({ ...nothing, publicUrl, clock: systemClock }, signal)
  return await Array.fromAsync(examine(deployment, checks, signal))
}

function textsOf(results: readonly Result[]): readonly string[] {
  return results.map(({ finding: { kind, text } }) => `${kind}: ${text}`)
}

/** A check that finds something, or rejects. */
function check(name: string, needs: readonly string[], run: Check['run']): Check {
  return { name, about: name, needs, run }
}

test('what needs a failed check is skipped, and so is what needs that; the rest goes on', async () => {
  const results = await examined([
    check('a', [], async () => await Promise.resolve(failed('broken'))),
    check('b', ['a'], async () => await Promise.resolve(ok('never run'))),
    check('c', ['b'], async () => await Promise.resolve(ok('never run'))),
    check('d', [], async () => await Promise.resolve(ok('fine'))),
  ])
  assert.deepEqual(textsOf(results), [
    'failed: broken',
    'skipped: needs a, which failed',
    'skipped: needs a, which failed',
    'ok: fine',
  ])
})

test('a check that could not be tried stops nobody', async () => {
  const results = await examined([
    check('a', [], async () => await Promise.resolve(skipped('no account'))),
    check('b', ['a'], async () => await Promise.resolve(ok('fine'))),
  ])
  assert.deepEqual(textsOf(results), ['skipped: no account', 'ok: fine'])
})

test('a check that waits too long fails, and says how long it waited', async () => {
  const waits = check('a', [], async (_deployment, signal) => {
    await once(signal, 'abort')
    throw signal.reason
  })
  const results = await examined([{ ...waits, limit: 20 }])
  assert.deepEqual(textsOf(results), ['failed: no answer within 0.02 s'])
})

test('a lost connection is a failure, an end from inside its finding, and a bug a bug', async () => {
  const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  const results = await examined([
    check('a', [], async () => await Promise.reject(lost)),
    check('b', [], async () => await Promise.reject(new CheckEnded(skipped('no slots')))),
  ])
  assert.deepEqual(textsOf(results), [
    'failed: the connection failed: read ECONNRESET',
    'skipped: no slots',
  ])
  const bug = new TypeError('undefined is not a function')
  await assert.rejects(
    async () => await examined([check('a', [], async () => await Promise.reject(bug))]),
    bug,
  )
})

test('a stop ends the examination with its reason', async () => {
  const stop = new AbortController()
  const stops = check('a', [], async (_deployment, signal) => {
    stop.abort(new Error('Ctrl-C'))
    signal.throwIfAborted()
    return await Promise.resolve(ok('never'))
  })
  await assert.rejects(async () => await examined([stops], stop.signal), /Ctrl-C/u)
})
