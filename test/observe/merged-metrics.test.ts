import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastingMetrics, mergedMetrics, parseSnapshot } from '../../src/observe/merged-metrics.ts'
import { type Metrics, createMetrics } from '../../src/observe/metrics.ts'

function metrics(): Metrics {
  return createMetrics({
    build: { version: '1', node: '24', commit: 'abc' },
    waitingReaders: () => 2,
    sessions: () => 5,
    freeBytes: async () => 1000,
    classOfNetwork: () => undefined,
  })
}

test('counts of several processes add up, what is common to them does not', async () => {
  const [one, two] = [metrics(), metrics()]
  one.auditLinesLost(3)
  two.auditLinesLost(4)
  const text = await mergedMetrics([
    await one.snapshot(),
    parseSnapshot(JSON.stringify(await two.snapshot())),
  ])
  assert.match(text, /^hfs_audit_lines_lost_total 7$/mu)
  assert.match(text, /^hfs_waiting_readers 4$/mu)
  assert.match(text, /^hfs_disk_free_bytes 1000$/mu)
  assert.match(text, /^hfs_sessions 5$/mu)
  assert.match(text, /^hfs_build_info\{.*\} 1$/mu)
})

test('what an ended process counted stays, what it measured goes', async () => {
  const [ended, live] = [metrics(), metrics()]
  ended.auditLinesLost(3)
  const past = await lastingMetrics([await lastingMetrics([await ended.snapshot()])])
  const text = await mergedMetrics([await live.snapshot(), past])
  assert.match(text, /^hfs_audit_lines_lost_total 3$/mu)
  assert.match(text, /^hfs_waiting_readers 2$/mu)
})

test('a text that is no snapshot is refused', () => {
  for (const text of ['7', '[7]', '[{}]']) assert.throws(() => parseSnapshot(text), TypeError)
})
