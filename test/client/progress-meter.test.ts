import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressMeter } from '../../src/client/progress-meter.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { Progress } from '../../src/client/upload-options.ts'
import { type ManualTime, manualTime } from './manual-time.ts'

interface Metered {
  readonly time: ManualTime
  readonly told: Progress[]
  readonly tell: (event: UploadEvent) => void
}

function metered(): Metered {
  const time = manualTime()
  const told: Progress[] = []
  const tell = progressMeter(10_000, (progress) => void told.push(progress), time)
  return { time, told, tell }
}

test('the rate is that of the last seconds, and tells how long the rest takes', () => {
  const { time, told, tell } = metered()
  tell({ kind: 'sent', offset: 0 })
  // Slow at first, then not: the slow beginning is forgotten.
  time.pass(20_000)
  tell({ kind: 'sent', offset: 1000 })
  for (const offset of [2000, 3000, 4000, 5000, 6000]) {
    time.pass(1000)
    tell({ kind: 'sent', offset })
  }
  assert.deepEqual(told.at(-1), { sent: 6000, stored: 0, size: 10_000, rate: 1000, eta: 4 })
})

test('before there is anything to tell, no rate is told', () => {
  const { told, tell } = metered()
  tell({ kind: 'sent', offset: 1000 })
  assert.deepEqual(told, [{ sent: 1000, stored: 0, size: 10_000 }])
})

test('what the server has counts as stored; what was lost is sent no more, and begins the rate anew', () => {
  const { time, told, tell } = metered()
  tell({ kind: 'sent', offset: 1000 })
  time.pass(1000)
  tell({ kind: 'sent', offset: 5000 })
  tell({ kind: 'stands', offset: 3000 })
  assert.deepEqual(told.at(-1), { sent: 3000, stored: 3000, size: 10_000 })
})

test('a published file is sent and stored whole', () => {
  const { told, tell } = metered()
  tell({ kind: 'published', url: 'https://files.example/f' })
  assert.deepEqual(told, [{ sent: 10_000, stored: 10_000, size: 10_000 }])
})

test('what is no progress is not told', () => {
  const { told, tell } = metered()
  tell({ kind: 'network' })
  tell({ kind: 'sending', offset: 0, end: 100 })
  assert.deepEqual(told, [])
})
