import assert from 'node:assert/strict'
import test from 'node:test'
import { machineFacts } from '../../bench/machine.ts'
import { ACCELERATED, BASE, FLOOR, OURS } from '../../bench/server-names.ts'
import { speedChart } from '../../bench/speed-chart.ts'
import { summarize } from '../../bench/speed-summary.ts'
import { WORKLOADS } from '../../bench/workloads.ts'
import { speedRun } from './speed-run.ts'

const DOWNLOADS = WORKLOADS.filter(({ name }) => name === 'W4')

/** The chart of a comparison in which each server has a rate. */
function chartOf(rates: Readonly<Record<string, number>>): string {
  const runs = Object.entries(rates).map(([server, megabytesPerSecond]) =>
    speedRun(server, { megabytesPerSecond }),
  )
  const rows = summarize(runs, DOWNLOADS)
  const none = { trickles: [], cuts: [], verdicts: [] }
  const machine = machineFacts()
  return speedChart({ machine, rounds: 1, noiseLimit: 25, workloads: DOWNLOADS, rows, ...none })
}

test('ours stand first, then peers, and last what is no peer; nginx is the line and no bar', () => {
  const chart = chartOf({ [FLOOR]: 30, tus: 20, [BASE]: 100, [OURS]: 40, [ACCELERATED]: 90 })
  const bars = [
    ...chart.matchAll(/<rect class="(?<kind>ours|peer|floor)"[^>]*\/><text[^>]*>(?<words>[^<]*)/gu),
  ]
  assert.deepEqual(
    bars.map(({ groups }) => [groups?.['kind'], groups?.['words']]),
    [
      ['ours', 'hmac-file-server 0.40'],
      ['ours', 'hmac-file-server-accel 0.90'],
      ['peer', 'tus 0.20'],
      ['floor', 'bare-node 0.30'],
    ],
  )
})

test('each server that a demand is about has its mark, at its own height', () => {
  const chart = chartOf({ [OURS]: 40, [ACCELERATED]: 90, [BASE]: 100, tus: 20 })
  const marks = [...chart.matchAll(/class="demand" x1="(?<x>[\d.]+)"[^>]* y1="(?<y>\d+)"/gu)]
  const places = marks.map(({ groups }) => [Number(groups?.['x']), Number(groups?.['y'])] as const)
  const [own, accelerated] = places
  assert.equal(places.length, 2)
  assert.ok(own !== undefined && accelerated !== undefined)
  assert.ok(own[0] < accelerated[0], 'the demand behind nginx is the higher one')
  assert.ok(own[1] < accelerated[1], 'its bar stands below')
})
