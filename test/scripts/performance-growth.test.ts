import assert from 'node:assert/strict'
import test from 'node:test'
import { growthBytes, growthCommands, growthServing } from '../../scripts/performance-growth.ts'
import { figuresOf } from '../../scripts/result-figures.ts'

/** The cells of a table's last row. */
function lastRow(table: string): string[] {
  const row = table.trim().split('\n').at(-1) ?? ''
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

const EFFORT = { cpu: 1.25, wall: 20 }

const STEP = {
  objects: 1_000,
  residentMiB: 99.6,
  start: EFFORT,
  put: EFFORT,
  get: { cpu: 0.125, wall: 0.5 },
  commands: { list: EFFORT, collect: EFFORT, sweep: EFFORT },
}

test('what one takes is the slope of its line, drawn on to ten million', () => {
  const line = { slope: 1_024, intercept: 10_240_000, residual: 0.0125 }
  const points = [
    { objects: 10, value: 0 },
    { objects: 500, value: 0 },
  ]
  const table = growthBytes(figuresOf({ bytes: [{ of: 'file', place: 'sqlite', points, line }] }))
  const far = '9.5 GiB'
  assert.deepEqual(lastRow(table), ['finished file', 'SQLite', '1024', '1.3 %', '500', far])
})

test('what was not measured is a dash', () => {
  const table = growthBytes(figuresOf({ bytes: [{ of: 'file', place: 'redis' }] }))
  assert.deepEqual(lastRow(table), ['finished file', 'Redis', '–', '–', '–', '–'])
})

test('of a server there is CPU and time for each number of objects', () => {
  const table = growthServing(figuresOf({ servers: [{ kind: 'unbound', steps: [STEP] }] }))
  assert.deepEqual(lastRow(table), [
    'session without a key',
    '1000',
    '100 MiB',
    '1 / 20',
    '1 / 20',
    '0.13 / 0.50',
  ])
})

test('commands are told of the server that holds files, and of no other', () => {
  const other = { ...STEP, objects: 7 }
  const servers = [
    { kind: 'file', steps: [STEP] },
    { kind: 'unfinished', steps: [other] },
  ]
  const table = growthCommands(figuresOf({ servers }))
  assert.deepEqual(lastRow(table), ['1000', '1 / 20', '1 / 20', '1 / 20'])
  assert.ok(!table.includes('7'))
})
