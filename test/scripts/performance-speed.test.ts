import assert from 'node:assert/strict'
import test from 'node:test'
import { choicesTable } from '../../scripts/performance-choices.ts'
import { floorTable } from '../../scripts/performance-floor.ts'
import { slowTable } from '../../scripts/performance-slow.ts'
import { speedTable } from '../../scripts/performance-speed.ts'
import { figuresOf } from '../../scripts/result-figures.ts'

const W4 = { name: 'W4', title: 'GET 1 GiB', unit: 'MB/s' }

/** The cells of a table's rows, without its head. */
function rowsOf(table = ''): string[][] {
  const [, , ...rows] = table.trim().split('\n')
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

function row(server: string, figures: Readonly<Record<string, number>>): object {
  return { workload: 'W4', server, ...figures }
}

test('a load that nginx served on our word has a second row', () => {
  const own = row('hmac-file-server', { rate: 10, ratio: 0.25, bestPeerRatio: 0.5, floorRatio: 1 })
  const accelerated = row('hmac-file-server-accel', { rate: 40, ratio: 1, cpuSecondsPerGiB: 0.2 })
  const rows = [own, accelerated, row('nginx', { rate: 40 })]
  assert.deepEqual(rowsOf(speedTable(figuresOf({ workloads: [W4], rows }))), [
    ['W4: GET 1 GiB', '10 MB/s', '40 MB/s', '0.25', '0.50', '1.00', '–', '–', '–'],
    [
      'W4: GET 1 GiB, with `downloads.accel`',
      '40 MB/s',
      '40 MB/s',
      '1.00',
      '–',
      '–',
      '–',
      '0.20 s/GiB',
      '–',
    ],
  ])
})

test('the distance to nginx is split into that of Node.js and ours', () => {
  const rows = [
    row('hmac-file-server', { ratio: 0.4, floorRatio: 0.8, cpuSecondsPerGiB: 0.5 }),
    row('bare-node', { ratio: 0.5, cpuSecondsPerGiB: 0.4 }),
    row('nginx', { cpuSecondsPerGiB: 0.2 }),
  ]
  assert.deepEqual(rowsOf(floorTable(figuresOf({ workloads: [W4], rows }))), [
    ['W4: GET 1 GiB', '0.50', '0.80', '0.40', '0.50 s/GiB', '0.40 s/GiB', '0.20 s/GiB'],
  ])
})

test('results without bare Node.js split nothing', () => {
  const rows = [row('hmac-file-server', { ratio: 0.4 })]
  assert.equal(floorTable(figuresOf({ workloads: [W4], rows })), undefined)
})

test('a choice shows its rate and its CPU, of those that come through a relay the CPU alone', () => {
  const rows = [
    row('plain', { effect: 0.5, cpuEffect: 2 }),
    row('relayed', { cpuEffect: 3 }),
    { ...row('plain', { effect: 1, cpuEffect: 1 }), workload: 'W5' },
  ]
  assert.deepEqual(rowsOf(choicesTable(figuresOf({ rows }))), [
    ['plain', '× 0.50, CPU × 2.00', '× 1.00, CPU × 1.00'],
    ['relayed', 'CPU × 3.00', '–'],
  ])
})

test('of slow uploads there is what a connection takes, from the first results that hold any', () => {
  const run = {
    server: 'nginx',
    uploads: 1024,
    restingRssMiB: 10,
    usage: { peakRssMiB: 42, cpuSeconds: 2 },
    report: { ok: 1024, p50: 1, p99: 2.25 },
  }
  const slow = figuresOf({ trickles: [{ ...run, rejected: true, uploads: 7 }, run] })
  assert.deepEqual(rowsOf(slowTable(undefined, figuresOf({ trickles: [] }), slow)), [
    ['nginx', '1024 of 1024', '1.0 / 2.3', '2.0 s', '10', '42', '32.0'],
  ])
  assert.equal(slowTable(undefined, undefined), undefined)
})
