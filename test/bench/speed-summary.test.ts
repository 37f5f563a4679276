import assert from 'node:assert/strict'
import test from 'node:test'
import { ACCELERATED, BASE, FLOOR, OURS } from '../../bench/server-names.ts'
import type { SpeedRun } from '../../bench/speed.ts'
import { judge, summarize, type SpeedRow } from '../../bench/speed-summary.ts'
import { WORKLOADS } from '../../bench/workloads.ts'
import { speedRun } from './speed-run.ts'

const DOWNLOADS = WORKLOADS.filter(({ name }) => name === 'W4')

/** A run at a rate. */
function runOf(
  server: string,
  megabytesPerSecond: number,
  told: Parameters<typeof speedRun>[1] = {},
): SpeedRun {
  return speedRun(server, { megabytesPerSecond, ...told })
}

function rowsOf(...runs: readonly SpeedRun[]): ReadonlyMap<string, SpeedRow> {
  return new Map(summarize(runs, DOWNLOADS).map((row) => [row.server, row]))
}

test('neither the least that Node.js does nor a form of ours is the best peer, however fast', () => {
  const rows = rowsOf(
    runOf(OURS, 100),
    runOf(ACCELERATED, 900),
    runOf(FLOOR, 800),
    runOf(BASE, 1000),
    runOf('tus', 40),
    runOf('ejabberd', 50),
  )
  assert.equal(rows.get(OURS)?.bestPeerRatio, 2)
  assert.equal(rows.get(OURS)?.ratio, 0.1)
})

test('the ratio to bare Node.js is the median over the rounds that count, each with its own', () => {
  const rows = rowsOf(
    ...[10, 20, 30].map((rate, round) => runOf(OURS, rate, { round })),
    ...[10, 40, 40].map((rate, round) => runOf(FLOOR, rate, { round })),
    runOf(FLOOR, 1, { rejected: true }),
  )
  assert.equal(rows.get(OURS)?.floorRatio, 0.75)
  assert.equal(rows.get(FLOOR)?.floorRatio, 1)
})

test('where bare Node.js did not run, there is no ratio to it', () => {
  assert.equal(rowsOf(runOf(OURS, 10)).get(OURS)?.floorRatio, undefined)
})

test('downloads that nginx sends on our word are judged by demands of their own', () => {
  const runs = [runOf(OURS, 80), runOf(ACCELERATED, 90), runOf(BASE, 100), runOf(FLOOR, 70)]
  const verdicts = judge(summarize(runs, DOWNLOADS), DOWNLOADS)
  assert.deepEqual(
    verdicts.map(({ demand, measured, met }) => [demand, measured, met]),
    [
      ['hmac-file-server: ≥ 0.75 × nginx', '0.80', true],
      ['hmac-file-server-accel: ≥ 0.95 × nginx', '0.90', false],
    ],
  )
})

test('no demand is judged of a server that did not run, nor one whose peers did not', () => {
  assert.deepEqual(judge(summarize([runOf(BASE, 100)], DOWNLOADS), DOWNLOADS), [])
  assert.deepEqual(judge(summarize([runOf(OURS, 100)], DOWNLOADS), DOWNLOADS), [])
})
