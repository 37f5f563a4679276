import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClientAddress } from '../../src/core/client-address.ts'
import { Refusal } from '../../src/core/refusals.ts'
import type { GateEvents } from '../../src/gate/events.ts'
import { openAudit } from '../../src/observe/audit.ts'
import type { AuditTrail } from '../../src/observe/audit.ts'
import { engineAudit, httpAudit, untoldAudit } from '../../src/observe/event-audit.ts'
import { gateAudit } from '../../src/observe/gate-events.ts'
import { liftedAudit } from '../../src/observe/lifted-audit.ts'
import { keyAudit } from '../../src/observe/key-events.ts'
import type { Privacy } from '../../src/observe/privacy.ts'
import { sessionAudit } from '../../src/observe/session-events.ts'
import type { SeenNetwork, SessionRecord } from '../../src/sessions/session-record.ts'
import { HOME, NOON, SLOT, TRAIN, UPLOAD, exchangeOf, keptLog, sealKey } from './samples.ts'

const USER = 'romeo@montague.example'

const MAC = 'deadbeef'.repeat(8)

async function tempFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'audit-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

async function opened(file: string): Promise<AuditTrail> {
  return await openAudit({
    file,
    clock: () => NOON,
    log: keptLog().log,
    sealKey,
    onLost: () => assert.fail('no line is lost'),
  })
}

/** All lines, those of the chains among them. */
async function allLinesOf(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => Object(JSON.parse(line)))
}

/** What was recorded. */
async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  const lines = await allLinesOf(file)
  return lines
    .filter(({ event }) => !String(event).startsWith('chain-'))
    .map(({ chain: _chain, n: _n, seal: _seal, ...recorded }) => recorded)
}

async function eventsIn(file: string): Promise<unknown[]> {
  const lines = await linesOf(file)
  return lines.map(({ event }) => event)
}

function seen({ network }: ClientAddress): SeenNetwork {
  return { network, firstAt: NOON, lastAt: NOON }
}

const SESSION: SessionRecord = {
  key: SLOT.fingerprint,
  openedAt: NOON,
  lastActiveAt: NOON,
  requests: 1,
  switches: 1,
  recoveries: 0,
  networks: [seen(HOME), seen(TRAIN)],
  uploads: [SLOT.fingerprint],
}

const BOUND: SessionRecord = {
  ...SESSION,
  key: 'session',
  bound: { key: 'hmac', refreshes: 0, refreshUsed: 0 },
}

/** Everything the rooms can tell. */
function tellAll(audit: AuditTrail, privacy: Privacy): void {
  const engine = engineAudit(audit, privacy)
  const http = httpAudit(audit, privacy)
  engine.slotOpened(SLOT, HOME)
  engine.takenOver(SLOT, { from: HOME, to: TRAIN, face: 'plain' })
  engine.takenElsewhere(SLOT, {
    from: HOME,
    face: 'plain',
    network: HOME.network,
    rivalNetwork: TRAIN.network,
  })
  engine.resumed(SLOT, { ...UPLOAD, durable: 9 }, TRAIN)
  engine.adopted(SLOT, { ...UPLOAD, durable: 9 }, { from: SLOT, client: TRAIN })
  engine.interrupted(SLOT, UPLOAD, 12)
  engine.published(SLOT, UPLOAD, 1.5)
  engine.repeated(SLOT, 'same')
  engine.fileRemoved(SLOT, 'expired')
  engine.abandoned(SLOT, UPLOAD, 'lost')
  const signed = exchangeOf('PUT', 'abc/photo.jpg', { query: `v2=${MAC}` })
  http.refused(signed, new Refusal('grant-invalid', { signed: 'abc/photo.jpg' }))
  http.refused(exchangeOf('GET', 'wp-login.php'), new Refusal('not-found'))
  http.finished(signed, { status: 403, milliseconds: 1 })
  http.failed(signed, new Error('broken'))
  untoldAudit(audit, privacy)(HOME.network, 7)
  http.refused(signed, new Refusal('grant-expired', { why: 'too-old' }))
  engine.recovered({ ...SLOT, recoveries: 1 }, HOME)
  const sessions = sessionAudit(audit, privacy, (network) =>
    network === TRAIN.network ? 'mobile' : 'fixed',
  )
  sessions.networkChanged(SESSION, { from: seen(HOME), to: seen(TRAIN) })
  sessions.expired(SESSION)
  sessions.expired(BOUND)
  sessions.networkChanged(BOUND, { from: seen(HOME), to: seen(TRAIN) })
  sessions.noRoom(SLOT.fingerprint)
  tellOfGate(gateAudit(audit, privacy))
  const lifted = liftedAudit(audit, privacy)
  lifted({ pattern: 'grant-on-two-networks', subject: 'session:session' })
  lifted({ pattern: 'failing-proofs', subject: `network:${HOME.network}` })
  lifted({ pattern: 'uploads-deleted-for-abuse', subject: `user:${USER}` })
  const keys = keyAudit(audit)
  keys.added('new', NOON)
  keys.removed('old', 'expired')
  keys.refused(new Error('no key'))
}

/** Everything that the gate can tell. */
function tellOfGate(gate: GateEvents): void {
  const { fingerprint: slot } = SLOT
  const from = { session: 'session', client: TRAIN }
  gate.bound('session', { slot, client: HOME, key: 'hmac', succeeds: 'older' })
  gate.decided({ ...from, isBound: true, level: 1, reasons: [], verdict: 'passed' })
  const place = { country: 'DE', asn: 64_500, networkClass: 'hosting' } as const
  gate.decided({
    ...from,
    place,
    surprise: { score: 21.34, features: [{ feature: 'hour', bits: 21.34 }] },
    isBound: true,
    level: 2,
    reasons: ['standby', 'anomaly'],
    verdict: 'passed',
  })
  gate.unproved({ ...from, why: 'wrong' })
  gate.refreshed('session', { client: HOME, number: 1 })
  gate.refreshRefused('session', { client: TRAIN, code: 'refreshes-exhausted' })
  gate.ended('session', TRAIN)
  gate.bindingRefused('session', { slot, client: TRAIN })
  const found = { effect: 'ban', count: 3, duration: 60_000 } as const
  gate.threatFound({ ...found, ...from, pattern: 'grant-on-two-networks' })
  gate.threatFound({ ...found, pattern: 'uploads-deleted-for-abuse', user: USER })
}

test('each thing that happens to a slot is one line, and a stranger is none', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'audit.jsonl')
  await using audit = await opened(file)
  tellAll(audit, { address: 'prefix' })
  audit.flush()
  const lines = await linesOf(file)
  assert.deepEqual(
    lines.map(({ event }) => event),
    [
      'opened',
      'takeover',
      'takeover',
      'resumed',
      'adopted',
      'interrupted',
      'published',
      'repeated',
      'deleted',
      'abandoned',
      'refused',
      'refusals',
      'refused',
      'recovered',
      'network-changed',
      'session-ended',
      'session-ended',
      'network-changed',
      'session-refused',
      'session-opened',
      'assessed',
      'unproved',
      'refreshed',
      'refresh-refused',
      'session-ended',
      'session-refused',
      'threat',
      'threat',
      'threat-lifted',
      'threat-lifted',
      'threat-lifted',
      'key-added',
      'key-removed',
    ],
  )
  assert.deepEqual(lines[1], {
    time: '2026-11-22T12:00:00.000Z',
    event: 'takeover',
    slot: SLOT.fingerprint,
    user: 'r…@montague.example',
    address: '198.51.100.0/24',
    scheme: 'v2',
    size: 2048,
    from: '192.0.2.0/24',
  })
  assert.deepEqual(lines[10], {
    time: '2026-11-22T12:00:00.000Z',
    event: 'refused',
    slot: SLOT.fingerprint,
    address: '192.0.2.0/24',
    code: 'grant-invalid',
    method: 'PUT',
    request: 'req-1',
  })
})

test('docs/audit.md names exactly the events and fields that are written, and which event has which', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'audit.jsonl')
  for (let times = 0; times < 2; times += 1) {
    await using audit = await opened(file)
    tellAll(audit, { address: 'full' })
    audit.record({ event: 'chain-removed', of: 'a-chain-1234', until: 7, file: 'audit.jsonl.1' })
    audit.record({ event: 'lines-lost', count: 3 })
  }
  const lines = await allLinesOf(file)
  const page = await readFile(new URL('../../docs/audit.md', import.meta.url), 'utf8')
  const [, events = '', rest = ''] = page.split(/^## (?:Events|Fields)$/mu)
  const [fields = ''] = rest.split(/^## /mu)
  const documentedEvents = [...events.matchAll(/^\| `([\w-]+)`/gmu)].map(([, name = '']) => name)
  assert.deepEqual(documentedEvents.toSorted(), eventsOf(lines))
  const documented = new Map(
    [...fields.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gmu)].map(([, name = '', where = '']) => [
      name,
      documentedEvents.filter((event) => appliesTo(where, event)),
    ]),
  )
  assert.ok(documented.size > 10)
  for (const [field, where] of documented) {
    const written = eventsOf(lines.filter((line) => field in line))
    assert.deepEqual(written, where.toSorted(), field)
  }
  for (const line of lines)
    for (const field of Object.keys(line)) assert.ok(documented.has(field), field)
})

/** The events of lines, each once. */
function eventsOf(lines: readonly Record<string, unknown>[]): string[] {
  return [...new Set(lines.map(({ event }) => String(event)))].toSorted()
}

function appliesTo(where: string, event: string): boolean {
  const named = where.includes(`\`${event}\``)
  return where.startsWith('all') ? !named : named
}

test('D19: no credential, path or file name is in the audit trail', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'audit.jsonl')
  await using audit = await opened(file)
  tellAll(audit, { address: 'full' })
  audit.flush()
  const text = await readFile(file, 'utf8')
  assert.ok(text.includes('romeo@montague.example'))
  for (const secret of [MAC, 'photo', 'abc/', 'lease-id', 'slot-id', 'upload-id']) {
    assert.ok(!text.includes(secret), secret)
  }
})

test('without addresses the trail names neither user nor network', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'audit.jsonl')
  await using audit = await opened(file)
  tellAll(audit, { address: 'none' })
  audit.flush()
  const text = await readFile(file, 'utf8')
  for (const trace of ['romeo', 'montague', '192.0.2', '198.51.100', 'mobile', 'hosting'])
    assert.ok(!text.includes(trace))
})

test('the file is made with mode 0600, its folder with 0700, and an old one is appended to', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'data', 'audit.jsonl')
  for (const event of ['opened', 'published'] as const) {
    await using audit = await opened(file)
    audit.record({ event })
  }
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await stat(join(folder.path, 'data'))).mode & 0o777, 0o700)
  assert.deepEqual(
    (await linesOf(file)).map(({ event }) => event),
    ['opened', 'published'],
  )
})

test('a trail that cannot be opened stops the start', async () => {
  await assert.rejects(opened('/dev/null/audit.jsonl'), { code: 'EEXIST' })
})

test('reopening writes to the new file after a rotation, and loses no line', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'audit.jsonl')
  await using audit = await opened(file)
  audit.record({ event: 'opened' })
  audit.flush()
  await rename(file, `${file}.1`)
  audit.record({ event: 'takeover' })
  const reopened = audit.reopen()
  audit.record({ event: 'published' })
  await reopened
  audit.flush()
  assert.deepEqual(
    [...(await eventsIn(`${file}.1`)), ...(await eventsIn(file))],
    ['opened', 'takeover', 'published'],
  )
})

test('a failed reopening rejects and the old file goes on', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'sub.jsonl')
  await using audit = await opened(file)
  await rename(file, join(folder.path, 'old.jsonl'))
  await mkdir(file)
  await assert.rejects(audit.reopen(), { code: 'EISDIR' })
  audit.record({ event: 'published' })
  audit.flush()
  assert.equal((await linesOf(join(folder.path, 'old.jsonl'))).length, 1)
})

test('a full disk stops nothing: lines are counted as lost, and the log says so once a minute', async () => {
  let now = NOON
  let lost = 0
  const { log, written } = keptLog()
  const onLost = (lines: number): void => {
    lost += lines
  }
  // Every write to /dev/full fails with ENOSPC.
  await using audit = await openAudit({ file: '/dev/full', clock: () => now, log, sealKey, onLost })
  for (const seconds of [0, 59, 60]) {
    now = NOON + seconds * 1000
    audit.record({ event: 'opened' })
    audit.record({ event: 'published' })
    audit.flush()
  }
  assert.equal(lost, 6)
  assert.equal(written().match(/"level":"error".*ENOSPC/gu)?.length, 2)
})
