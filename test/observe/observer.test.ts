import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import type { AuditEntry } from '../../src/observe/audit-line.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { observer } from '../../src/observe/observer.ts'
import { HOME, SLOT, TRAIN, UPLOAD, exchangeOf, keptLog } from './samples.ts'

test('log, audit trail and metrics all learn of everything that is raised', async () => {
  const { log, written } = keptLog()
  const metrics = createMetrics({
    build: { version: '1', node: '24', commit: 'unknown' },
    waitingReaders: () => 0,
    sessions: () => 0,
    freeBytes: () => Promise.resolve(1),
    classOfNetwork: () => undefined,
  })
  const entries: AuditEntry[] = []
  const record = (entry: AuditEntry): void => void entries.push(entry)
  const { engineEvents, httpEvents } = observer({
    log,
    metrics,
    audit: { record },
    privacy: { address: 'prefix' },
    classOfNetwork: () => undefined,
  })
  engineEvents.slotOpened(SLOT, HOME)
  engineEvents.takenOver(SLOT, { from: HOME, to: TRAIN, face: 'plain' })
  engineEvents.interrupted(SLOT, UPLOAD, 12)
  engineEvents.published(SLOT, UPLOAD, 1.5)
  engineEvents.repeated(SLOT, 'same')
  engineEvents.fileRemoved(SLOT, 'expired')
  engineEvents.abandoned(SLOT, UPLOAD, 'lost')
  const signed = exchangeOf('PUT', '-/put/capability/abc/photo.jpg')
  httpEvents.refused(signed, new Refusal('grant-expired'))
  httpEvents.finished(signed, { status: 403, milliseconds: 1 })
  httpEvents.failed(signed, new Error('broken'))
  httpEvents.certificateReloaded()
  httpEvents.certificateRefused(new Error('key does not fit'))
  assert.equal(written().split('\n').length - 1, 12)
  assert.equal(entries.length, 8)
  assert.equal(entries[7]?.slot, SLOT.fingerprint, 'the capability is no part of the slot path')
  const text = await metrics.text()
  for (const series of [
    'hfs_slots_opened_total{scheme="v2"} 1',
    'hfs_takeovers_total{face="plain",network="changed"} 1',
    'hfs_uploads_total{face="plain",outcome="interrupted"} 1',
    'hfs_uploads_total{face="plain",outcome="published"} 1',
    'hfs_uploads_total{face="plain",outcome="abandoned"} 1',
    'hfs_repeats_total{outcome="same"} 1',
    'hfs_files_removed_total{why="expired"} 1',
    'hfs_refusals_total{code="grant-expired"} 1',
    'hfs_http_requests_total{method="PUT",status="403"} 1',
    'hfs_failures_total 1',
    'hfs_certificate_reloads_total{outcome="used"} 1',
    'hfs_certificate_reloads_total{outcome="refused"} 1',
  ]) {
    assert.ok(text.includes(`\n${series}\n`), series)
  }
})
