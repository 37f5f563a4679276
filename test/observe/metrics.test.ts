import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { REFUSALS, Refusal } from '../../src/core/refusals.ts'
import { METRICS, metricsPage } from '../../src/observe/metric-table.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import type { MetricSources, Metrics } from '../../src/observe/metrics.ts'
import { HOME, SLOT, TRAIN, UPLOAD, exchangeOf } from './samples.ts'

function metricsOf(sources: Partial<MetricSources> = {}): Metrics {
  return createMetrics({
    build: { version: '1.2.3', node: '24.0.0', commit: 'abcdef' },
    waitingReaders: () => 3,
    sessions: () => 7,
    freeBytes: () => Promise.resolve(4096),
    classOfNetwork: () => undefined,
    ...sources,
  })
}

async function valueOf(metrics: Metrics, series: string): Promise<number> {
  const lines = (await metrics.text()).split('\n')
  const line = lines.find((each) => each.startsWith(`${series} `))
  assert.ok(line !== undefined, `${series} is not there`)
  return Number(line.slice(series.length + 1))
}

test('docs/metrics.md is the page that the table makes', async () => {
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  assert.equal(page, metricsPage())
})

test('the metrics served are those of the table, beside the ones of every Node.js program', async () => {
  const text = await metricsOf().text()
  const served = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gmu)].map(
    ([, name, type]) => `${name} ${type}`,
  )
  const ours = Object.entries(METRICS).map(([name, { type }]) => `${name} ${type}`)
  assert.deepEqual(served.filter((name) => name.startsWith('hfs_')).toSorted(), ours.toSorted())
  assert.ok(served.includes('process_resident_memory_bytes gauge'))
})

test('a published upload is counted by face, with its bytes, size and duration', async () => {
  const metrics = metricsOf()
  metrics.engineEvents.published(SLOT, UPLOAD, 7)
  metrics.engineEvents.published({ ...SLOT, size: 100_000 }, { ...UPLOAD, face: 'tus' }, 5000)
  assert.equal(await valueOf(metrics, 'hfs_uploads_total{face="plain",outcome="published"}'), 1)
  assert.equal(await valueOf(metrics, 'hfs_uploads_total{face="tus",outcome="published"}'), 1)
  assert.equal(await valueOf(metrics, 'hfs_upload_bytes_total'), 102_048)
  assert.equal(await valueOf(metrics, 'hfs_upload_duration_seconds_bucket{le="10"}'), 1)
  assert.equal(await valueOf(metrics, 'hfs_upload_duration_seconds_bucket{le="14400"}'), 2)
  assert.equal(await valueOf(metrics, 'hfs_upload_size_bytes_bucket{le="16384"}'), 1)
})

test('everything else that happens to a slot has its counter', async () => {
  const metrics = metricsOf()
  const { engineEvents: engine } = metrics
  engine.slotOpened(SLOT, HOME)
  engine.takenOver(SLOT, { from: HOME, to: TRAIN, face: 'rufh' })
  engine.takenOver(SLOT, { from: HOME, to: HOME, face: 'rufh' })
  for (const rivalNetwork of [undefined, 'n1', 'n1', 'n2', 'n2', 'n2']) {
    engine.takenElsewhere(SLOT, { from: HOME, face: 'tus', network: 'n1', rivalNetwork })
  }
  engine.interrupted(SLOT, UPLOAD, 12)
  engine.resumed(SLOT, { ...UPLOAD, face: 'tus', durable: 12 }, TRAIN)
  engine.resumed(SLOT, { ...UPLOAD, face: 'tus', durable: 30 }, TRAIN)
  engine.repeated(SLOT, 'different')
  engine.fileRemoved(SLOT, 'requested')
  engine.abandoned(SLOT, UPLOAD, 'lost')
  metrics.auditLinesLost(4)
  metrics.laneTook('fast')
  const expected: readonly (readonly [string, number])[] = [
    ['hfs_slots_opened_total{scheme="v2"}', 1],
    ['hfs_http_lane_requests_total{lane="fast"}', 1],
    ['hfs_http_lane_requests_total{lane="ordinary"}', 0],
    ['hfs_takeovers_total{face="rufh",network="changed"}', 1],
    ['hfs_takeovers_total{face="rufh",network="same"}', 1],
    ['hfs_takeovers_total{face="tus",network="changed"}', 3],
    ['hfs_takeovers_total{face="tus",network="same"}', 2],
    ['hfs_takeovers_total{face="tus",network="unknown"}', 1],
    ['hfs_uploads_total{face="plain",outcome="interrupted"}', 1],
    ['hfs_uploads_total{face="plain",outcome="abandoned"}', 1],
    ['hfs_resumes_total{face="tus"}', 2],
    ['hfs_resumes_total{face="rufh"}', 0],
    ['hfs_resumed_bytes_total{face="tus"}', 42],
    ['hfs_repeats_total{outcome="same"}', 0],
    ['hfs_repeats_total{outcome="different"}', 1],
    ['hfs_files_removed_total{why="requested"}', 1],
    ['hfs_audit_lines_lost_total', 4],
  ]
  for (const [series, value] of expected)
    assert.equal(await valueOf(metrics, series), value, series)
})

test('requests are counted by method and status, and invented methods share one series', async () => {
  const metrics = metricsOf()
  const finished = (method: string, status: number): void =>
    metrics.httpEvents.finished(exchangeOf(method, 'a/b'), { status, milliseconds: 1 })
  finished('GET', 206)
  finished('PUT', 0)
  finished('BREW', 405)
  finished('PROPFIND', 405)
  assert.equal(await valueOf(metrics, 'hfs_http_requests_total{method="GET",status="206"}'), 1)
  assert.equal(await valueOf(metrics, 'hfs_http_requests_total{method="PUT",status="none"}'), 1)
  assert.equal(await valueOf(metrics, 'hfs_http_requests_total{method="other",status="405"}'), 2)
})

test('every refusal has its series from the start', async () => {
  const metrics = metricsOf()
  metrics.httpEvents.refused(exchangeOf('PUT', 'a/b'), new Refusal('disk-full'))
  metrics.httpEvents.failed(exchangeOf('PUT', 'a/b'), new Error('broken'))
  for (const code of Object.keys(REFUSALS)) {
    const value = await valueOf(metrics, `hfs_refusals_total{code="${code}"}`)
    assert.equal(value, code === 'disk-full' ? 1 : 0)
  }
  assert.equal(await valueOf(metrics, 'hfs_failures_total'), 1)
})

test('gauges are asked when somebody scrapes', async () => {
  let waiting = 3
  const metrics = metricsOf({ waitingReaders: () => waiting })
  assert.equal(await valueOf(metrics, 'hfs_waiting_readers'), 3)
  waiting = 0
  assert.equal(await valueOf(metrics, 'hfs_waiting_readers'), 0)
  assert.equal(await valueOf(metrics, 'hfs_sessions'), 7)
  assert.equal(await valueOf(metrics, 'hfs_disk_free_bytes'), 4096)
  const build = 'hfs_build_info{version="1.2.3",node="24.0.0",commit="abcdef"}'
  assert.equal(await valueOf(metrics, build), 1)
})

test('a storage that fails takes no other metric along', async () => {
  const metrics = metricsOf({ freeBytes: () => Promise.reject(new Error('not mounted')) })
  assert.ok(Number.isNaN(await valueOf(metrics, 'hfs_disk_free_bytes')))
  assert.equal(await valueOf(metrics, 'hfs_waiting_readers'), 3)
})
