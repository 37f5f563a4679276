import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unlessStopped } from '../../src/cli/stoppable-work.ts'
import { ioIn } from './cli-run.ts'

/** Work of a user who asks for a stop at once, and what is told of it. */
async function stopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<(T | string)[]> {
  const told: string[] = []
  const io = ioIn('/', { stderr: { write: (text: string) => told.push(text) } })
  const outcome = await unlessStopped(io, 'Stopped', work)
  return outcome === undefined ? told : [outcome, ...told]
}

test('work that a stop ended is told of in one line', async () => {
  assert.deepEqual(await stopped(async (signal) => signal.throwIfAborted()), ['Stopped\n'])
})

test('work that was done before it saw the stop counts', async () => {
  assert.deepEqual(await stopped(async () => 'done'), ['done'])
})

test('what fails of itself is not hidden by a stop', async () => {
  const failing = stopped(async () => await Promise.reject(new Error('the disk is full')))
  await assert.rejects(failing, { message: 'the disk is full' })
})
