import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import type { AuditEntry } from '../../src/observe/audit-line.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { type Observer, observer } from '../../src/observe/observer.ts'
import type { Privacy } from '../../src/observe/privacy.ts'
import { HOME, TRAIN, exchangeOf, keptLog } from './samples.ts'

const FORGED = exchangeOf('PUT', 'abc/photo.jpg', { query: 'v=00' })
const REFUSAL = new Refusal('grant-invalid')

interface Watched extends Pick<Observer, 'httpEvents' | 'gateEvents' | typeof Symbol.dispose> {
  readonly entries: AuditEntry[]
  /** How many refusals the log tells one by one, and how many together. */
  logged(): { single: number; together: number[] }
  metrics(): Promise<string>
}

const classOfNetwork = (): undefined => undefined

function watched(t: TestContext, privacy: Privacy = { address: 'prefix' }): Watched {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { log, written } = keptLog({ level: 'info' })
  const entries: AuditEntry[] = []
  const metrics = createMetrics({
    build: { version: '1', node: '24', commit: 'unknown' },
    waitingReaders: () => 0,
    sessions: () => 0,
    freeBytes: async () => await Promise.resolve(1),
    classOfNetwork,
  })
  const audit = { record: (entry: AuditEntry): void => void entries.push(entry) }
  return {
    ...observer({ log, metrics, audit, privacy, classOfNetwork }),
    entries,
    logged: () => ({
      single: written().split('"code":"grant-invalid"').length - 1,
      together: [...written().matchAll(/"refusals":(\d+)/gu)].map(([, count]) => Number(count)),
    }),
    metrics: async () => await metrics.text(),
  }
}

function refuse({ httpEvents }: Watched, times: number, client = HOME): void {
  for (let time = 0; time < times; time += 1) {
    httpEvents.refused({ ...FORGED, client }, REFUSAL)
  }
}

function isPrefix(text: string): text is typeof HOME.network {
  return text.endsWith('/24')
}

test('a network that forges without end gets twenty lines a minute, and one that counts the others', async (t) => {
  const seen = watched(t)
  refuse(seen, 1000)
  assert.deepEqual(seen.logged(), { single: 20, together: [] })
  assert.equal(seen.entries.length, 20)
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen.logged(), { single: 20, together: [980] })
  assert.deepEqual(seen.entries.slice(20), [
    { event: 'refusals', address: '192.0.2.0/24', count: 980 },
  ])
  refuse(seen, 1)
  assert.equal(seen.logged().single, 21, 'the next minute begins anew')
  assert.match(await seen.metrics(), /hfs_refusals_total\{code="grant-invalid"\} 1001\n/u)
})

test('what one network does hides nothing of another', (t) => {
  const seen = watched(t)
  refuse(seen, 21)
  refuse(seen, 20, TRAIN)
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen.logged(), { single: 40, together: [1] })
})

test('networks beyond those that are told apart share one count', (t) => {
  const seen = watched(t)
  for (let network = 0; network < 4096; network += 1) {
    const prefix = `10.${network >> 8}.${network & 255}.0/24`
    assert.ok(isPrefix(prefix))
    refuse(seen, 1, { address: '10.0.0.1', network: prefix })
  }
  refuse(seen, 15)
  refuse(seen, 15, TRAIN)
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen.entries.at(-1), { event: 'refusals', address: undefined, count: 10 })
})

const DECISION = { session: 's', isBound: false, level: 3, reasons: ['long-standby'] } as const

/** Everything that the gate refuses, by its word in the audit trail. */
const ATTEMPTS: Readonly<Record<string, (gate: Observer['gateEvents']) => void>> = {
  unproved: (gate) => gate.unproved({ session: undefined, client: HOME, why: 'wrong' }),
  'session-refused': (gate) => gate.bindingRefused('s', { slot: 'a', client: HOME }),
  'refresh-refused': (gate) =>
    gate.refreshRefused('s', { client: HOME, code: 'refreshes-exhausted' }),
  refused: (gate) => gate.decided({ ...DECISION, client: HOME, verdict: 'refused' }),
  challenged: (gate) => gate.decided({ ...DECISION, client: HOME, verdict: 'challenged' }),
}

for (const [what, attempt] of Object.entries(ATTEMPTS)) {
  test(`a network whose attempts are ${what} without end gets twenty audit lines a minute, too`, (t) => {
    const seen = watched(t)
    for (let time = 0; time < 400; time += 1) attempt(seen.gateEvents)
    assert.equal(seen.entries.length, 20)
    t.mock.timers.tick(60_000)
    assert.deepEqual(seen.entries.slice(20), [
      { event: 'refusals', address: '192.0.2.0/24', count: 380 },
    ])
  })
}

test('a suspicious request that passes has its audit line whatever else its network does', (t) => {
  const seen = watched(t)
  for (let time = 0; time < 30; time += 1) ATTEMPTS['unproved']?.(seen.gateEvents)
  seen.gateEvents.decided({ ...DECISION, client: HOME, verdict: 'passed' })
  seen.gateEvents.decided({ ...DECISION, client: HOME, verdict: 'confirmed' })
  assert.deepEqual(
    seen.entries.slice(20).map(({ verdict }) => verdict),
    ['passed', 'confirmed'],
  )
})

test('what was counted is told when the observer ends, once', (t) => {
  const seen = watched(t)
  refuse(seen, 22)
  seen[Symbol.dispose]()
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen.logged(), { single: 20, together: [2] })
})

test('the count names no network where none may be named', (t) => {
  const seen = watched(t, { address: 'none' })
  refuse(seen, 30)
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen.entries.at(-1), { event: 'refusals', address: undefined, count: 10 })
})
