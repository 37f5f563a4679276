import assert from 'node:assert/strict'
import test from 'node:test'
import { type ChoiceRow, compareChoices } from '../../bench/choices.ts'
import { speedRun } from './speed-run.ts'

const NEVER = '`storage.fsync = "never"`'
const COMPLETE = '`storage.fsync = "complete"`'
const RELAYED = '`never`, plain HTTP through a relay'
const TLS = 'TLS in the server, through the relay'

function rowOf(rows: readonly ChoiceRow[], server: string): ChoiceRow | undefined {
  return rows.find((row) => row.server === server)
}

test('a choice is compared with the usual set-up of the same round, by rate and by CPU of a request', () => {
  const runs = [
    speedRun(NEVER, { round: 0, requestsPerSecond: 100, cpuSeconds: 1 }),
    speedRun(COMPLETE, { round: 0, requestsPerSecond: 50, cpuSeconds: 3 }),
    speedRun(NEVER, { round: 1, requestsPerSecond: 10, cpuSeconds: 1 }),
    speedRun(COMPLETE, { round: 1, requestsPerSecond: 5, cpuSeconds: 3 }),
  ]
  const row = rowOf(compareChoices(runs, { quick: false }), COMPLETE)
  assert.equal(row?.against, NEVER)
  assert.equal(row?.effect, 0.5)
  assert.equal(row?.cpuEffect, 3)
})

test('TLS is compared with what comes through the same relay, by CPU alone', () => {
  const runs = [
    speedRun(NEVER, { cpuSeconds: 1 }),
    speedRun(RELAYED, { cpuSeconds: 2 }),
    speedRun(TLS, { cpuSeconds: 5 }),
  ]
  const row = rowOf(compareChoices(runs, { quick: false }), TLS)
  assert.equal(row?.against, RELAYED)
  assert.equal(row?.effect, undefined)
  assert.equal(row?.cpuEffect, 2.5)
})

test('runs that were made again tell nothing', () => {
  const runs = [
    speedRun(NEVER, { cpuSeconds: 1 }),
    speedRun(COMPLETE, { cpuSeconds: 9, rejected: true }),
    speedRun(COMPLETE, { cpuSeconds: 2 }),
  ]
  assert.equal(rowOf(compareChoices(runs, { quick: false }), COMPLETE)?.cpuEffect, 2)
})
