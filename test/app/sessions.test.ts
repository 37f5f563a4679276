import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import { sqliteSessions } from '../../src/stores/sqlite/session-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import type { SessionRecord } from '../../src/sessions/session-record.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Site, auditOf, startSite, temporaryFolder } from './site.ts'
import { get, signedDelete, signedPut } from './slots.ts'
import { TUS, created, creation, offsetOf, patch } from './tus-client.ts'
import { halfSent, metricsOf } from './visits.ts'
import { ask } from './wire-client.ts'

const WIFI = '127.0.0.2'
const MOBILE = '127.0.1.2'
const HOUR = 3_600_000
const ADMIN = 'admin.listen=127.0.0.1:0'
/** A change of network, and no database that knows either. */
const ONE_SWITCH = /^hfs_network_switches_total\{from="unknown",to="unknown"\} 1$/mu

function stopClock(t: TestContext): void {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
}

function goOn(t: TestContext, milliseconds: number): void {
  t.mock.timers.setTime(systemClock() + milliseconds)
}

/** What a site that was shut down keeps of the session of a path. */
async function storedSession(folder: string, path: string): Promise<SessionRecord | undefined> {
  using state = openState({ path: join(folder, 'data', 'state.db'), durability: 'normal' })
  return await sqliteSessions(state).find(fingerprintOf(parseSlotPath(path)))
}

/** The audit lines of one event, once the site is shut down. */
async function linesOf(site: Site, event: string): Promise<readonly object[]> {
  await site.server.shutdown()
  return (await auditOf(site.folder)).filter((line) => line['event'] === event)
}

describe('a grant that expired while the network was gone', () => {
  test('finishes the upload it began, which is audited and counted', async (t) => {
    stopClock(t)
    await using site = await startSite([ADMIN])
    const body = largePut().body
    const put = signedPut('a/b.txt', body, { scheme: 'jwt', expiresAt: systemClock() + HOUR })
    await cutUpload(site, put, WIFI)
    goOn(t, 2 * HOUR)
    assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
    assert.deepEqual((await ask(site.port, get('a/b.txt'))).body, body)
    assert.match(await metricsOf(site), /^hfs_recoveries_total 1$/mu)
    const [line] = await linesOf(site, 'recovered')
    assert.partialDeepStrictEqual(line, { address: MOBILE, count: 1, scheme: 'jwt' })
  })

  test('does so after a restart of the server as well', async (t) => {
    stopClock(t)
    await using home = await temporaryFolder()
    const put = largePut()
    {
      await using site = await startSite([], { folder: home.path })
      await cutUpload(site, put, WIFI)
    }
    goOn(t, HOUR)
    await using site = await startSite([], { folder: home.path })
    assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
    assert.equal((await linesOf(site, 'recovered')).length, 1)
  })

  test('opens nothing that was not used before: 403, and the trail says why', async () => {
    await using site = await startSite([ADMIN])
    const put = signedPut('a', 'hello', { scheme: 'v3', expiresAt: systemClock() - HOUR })
    const reply = await ask(site.port, put)
    assert.deepEqual([reply.status, reply.code], [403, 'grant-expired'])
    assert.match(await metricsOf(site), /^hfs_expired_grants_total\{why="never-used"\} 1$/mu)
    const [line] = await linesOf(site, 'refused')
    assert.partialDeepStrictEqual(line, { code: 'grant-expired', why: 'never-used' })
  })
})

describe('an unfinished upload', () => {
  test('that goes on from a second network leaves a line in the audit trail, and a count', async () => {
    await using site = await startSite([ADMIN])
    const put = largePut()
    await cutUpload(site, put, WIFI)
    await ask(site.port, { ...put, from: MOBILE })
    assert.match(await metricsOf(site), ONE_SWITCH)
    const [line] = await linesOf(site, 'network-changed')
    assert.partialDeepStrictEqual(line, { from: '127.0.0.0/24', address: '127.0.1.0/24' })
  })

  test('has its switch noticed although the server was restarted in between', async () => {
    await using home = await temporaryFolder()
    const put = largePut()
    {
      await using site = await startSite([], { folder: home.path })
      await cutUpload(site, put, WIFI)
    }
    assert.equal((await storedSession(home.path, 'a/b.txt'))?.requests, 1)
    await using site = await startSite([], { folder: home.path })
    await ask(site.port, { ...put, from: MOBILE })
    assert.equal((await linesOf(site, 'network-changed')).length, 1)
    assert.equal(await storedSession(home.path, 'a/b.txt'), undefined)
  })

  test('whose client comes back by its upload resource is one session, wherever it comes from', async () => {
    await using site = await startSite([ADMIN])
    const resource = await created(site, { ...creation('a/b.txt', 'hello'), from: WIFI })
    assert.equal(await offsetOf(site, resource, MOBILE), 0)
    await ask(site.port, { ...patch(resource, 0, 'hello'), from: MOBILE })
    assert.match(await metricsOf(site), ONE_SWITCH)
    assert.equal((await linesOf(site, 'network-changed')).length, 1)
  })

  test('that its client gives up takes its session along', async () => {
    await using home = await temporaryFolder()
    {
      await using site = await startSite([], { folder: home.path })
      const resource = await created(site, creation('a/b.txt', 'hello'))
      const given = await ask(site.port, { method: 'DELETE', target: resource, headers: TUS })
      assert.equal(given.status, 204)
      assert.equal((await linesOf(site, 'abandoned')).length, 1)
    }
    assert.equal(await storedSession(home.path, 'a/b.txt'), undefined)
  })

  test('leaves a session with network and product, and no credential in it', async () => {
    await using home = await temporaryFolder()
    const put = { ...largePut(), headers: { 'User-Agent': 'Conversations/2.17 (Android 15)' } }
    {
      await using site = await startSite([], { folder: home.path })
      await cutUpload(site, put, WIFI)
    }
    const session = await storedSession(home.path, 'a/b.txt')
    assert.partialDeepStrictEqual(session?.networks, [
      { network: '127.0.0.0/24', product: 'Conversations' },
    ])
    const state = await readFile(join(home.path, 'data', 'state.db'), 'latin1')
    assert.ok(!state.includes(new URLSearchParams(put.target.split('?')[1]).get('v') ?? ''))
  })

  test('gives its session up with the last byte, and one that never stopped never had a stored one', async () => {
    await using home = await temporaryFolder()
    const put = largePut()
    {
      await using site = await startSite([], { folder: home.path })
      assert.equal((await ask(site.port, largePut('one/request'))).status, 201)
      await cutUpload(site, put, WIFI)
      assert.equal((await ask(site.port, put)).status, 201)
    }
    assert.equal(await storedSession(home.path, 'a/b.txt'), undefined)
    assert.equal(await storedSession(home.path, 'one/request'), undefined)
  })
})

describe('where addresses must not be stored', () => {
  const flags = ['privacy.address=none', 'limits.open_uploads_per_owner=1']

  test('networks are told apart all the same: limits hold for each, and a switch is counted', async () => {
    await using site = await startSite([...flags, ADMIN])
    const put = largePut('a/one.txt')
    using _open = await halfSent(site, put, WIFI)
    assert.equal((await ask(site.port, { ...largePut(), from: '127.0.0.9' })).status, 429)
    const other = largePut('a/two.txt')
    assert.equal((await ask(site.port, { ...other, from: MOBILE })).status, 201)
    await ask(site.port, { ...put, from: MOBILE })
    assert.match(await metricsOf(site), ONE_SWITCH)
    const [line] = await linesOf(site, 'network-changed')
    assert.ok(line !== undefined && !('address' in line) && !('from' in line))
  })

  test('neither slots nor sessions hold one, and a restart knows the network again', async () => {
    await using home = await temporaryFolder()
    const put = largePut()
    {
      await using site = await startSite(flags, { folder: home.path })
      await cutUpload(site, put, WIFI)
    }
    const session = await storedSession(home.path, 'a/b.txt')
    assert.match(session?.networks[0]?.network ?? '', /^keyed:[\w-]{22}$/u)
    assert.ok(!(await dumped(home.path)).includes('127.0.0.'))
    await using site = await startSite(flags, { folder: home.path })
    assert.equal((await ask(site.port, { ...put, from: WIFI })).status, 201)
    assert.deepEqual(await linesOf(site, 'network-changed'), [])
  })
})

test('D13: a refusal is no activity: whoever was refused once is refused again, whatever it tries in between', async (t) => {
  stopClock(t)
  await using site = await startSite(['network_resilience.max_token_refreshes=1'])
  const put = largePut()
  await cutUpload(site, put)
  goOn(t, HOUR)
  await cutUpload(site, put, MOBILE)
  goOn(t, 25 * HOUR)
  for (const from of [MOBILE, MOBILE, WIFI, WIFI]) {
    const reply = await ask(site.port, { ...put, from })
    assert.deepEqual([reply.status, reply.code], [403, 'grant-expired'])
  }
  const refused = await linesOf(site, 'refused')
  assert.equal(refused.length, 4)
  for (const line of refused) assert.partialDeepStrictEqual(line, { why: 'too-often' })
})

test('D15: sessions have a bound, and uploads go on beyond it', async () => {
  await using home = await temporaryFolder()
  {
    await using site = await startSite(['session_store.max_sessions=2'], { folder: home.path })
    for (const name of ['a', 'b', 'c', 'd']) await cutUpload(site, largePut(`slot/${name}`))
    assert.equal((await linesOf(site, 'session-refused')).length, 2)
  }
  using state = openState({ path: join(home.path, 'data', 'state.db'), durability: 'normal' })
  assert.equal(await sqliteSessions(state).count(), 2)
})

test('D19: neither sessions nor the state they are kept in can be read from outside', async () => {
  await using site = await startSite()
  await cutUpload(site, largePut())
  for (const path of ['data/state.db', 'state.db', '-/sessions', '.sessions/a.json']) {
    assert.equal((await ask(site.port, get(path))).status, 404)
  }
  assert.equal((await ask(site.port, get('-/session'))).status, 401)
})

test('a spent slot keeps no network', async () => {
  await using home = await temporaryFolder()
  {
    await using site = await startSite([], { folder: home.path })
    await ask(site.port, signedPut('a/b.txt', 'hello', { scheme: 'token' }))
    assert.equal((await ask(site.port, signedDelete('a/b.txt'))).status, 204)
  }
  assert.ok(!(await dumped(home.path)).includes('127.0.0.'))
})

/** Every record of slots and sessions of a site that was shut down. */
async function dumped(folder: string): Promise<string> {
  using state = new DatabaseSync(join(folder, 'data', 'state.db'))
  const rows = ['slots', 'sessions'].flatMap((table) =>
    state.prepare(`SELECT * FROM ${table}`).all(),
  )
  assert.ok(rows.length > 0)
  return JSON.stringify(rows)
}
