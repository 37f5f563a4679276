/** Every line of the audit trail is one that `docs/audit.schema.json` describes, and every kind of line is written. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext, after } from 'node:test'
import { Ajv } from 'ajv'
import { openMaintenance } from '../../src/app/maintenance.ts'
import { keyFileNeeds } from '../../src/app/key-upkeep.ts'
import { systemClock } from '../../src/core/clock.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { retireKey, rotateKeys } from '../../src/keys/rotation.ts'
import { REASONS } from '../../src/risk/assess.ts'
import { openAudit } from '../../src/observe/audit.ts'
import { keptLog, sealKey } from '../observe/samples.ts'
import { afterStandby } from '../guide/standby.ts'
import { type MmdbMap, mmdbOf } from '../risk/mmdb-writer.ts'
import { append, created, creation } from './rufh-client.ts'
import { PUBLIC_URL, accepting, askProved, toldSession } from './session-client.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Line, type Site, chainedAuditOf, startSite, temporaryFolder } from './site.ts'
import { signedDelete, signedPut } from './slots.ts'
import { takenInTurn } from './taken-in-turn.ts'
import { halfSent } from './visits.ts'
import { ask, having } from './wire-client.ts'

const WIFI = '127.0.0.2'
const MOBILE = '127.0.1.2'
const HOUR = 3_600_000

const SCHEMA: unknown = JSON.parse(
  readFileSync(new URL('../../docs/audit.schema.json', import.meta.url), 'utf8'),
)
const PAGE = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')

const seen = new Set<string>()

/** The events that the page tells of. */
const EVENTS = [
  ...(PAGE.split(/^## (?:Events|Fields)$/mu)[1] ?? '').matchAll(/^\| `([\w-]+)`/gmu),
].map(([, name = '']) => name)

after(() => assert.deepEqual([...seen].toSorted(), EVENTS.toSorted()))

function checked(lines: readonly Line[]): void {
  assert.ok(typeof SCHEMA === 'object' && SCHEMA !== null && lines.length > 0)
  const isDescribed = new Ajv({ discriminator: true }).compile(SCHEMA)
  for (const line of lines) {
    assert.ok(isDescribed(line), `${JSON.stringify(line)} ${JSON.stringify(isDescribed.errors)}`)
    seen.add(String(line['event']))
  }
}

/** What a site that was visited so has in its trail is described. */
function described(
  title: string,
  flags: readonly string[],
  visit: (site: Site, t: TestContext) => Promise<unknown>,
): void {
  test(`${title}: every line is described`, async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: systemClock() })
    await using site = await startSite(flags)
    await visit(site, t)
    await site.server.shutdown()
    checked(await chainedAuditOf(site.folder))
  })
}

test('a session with a key, hours in a pocket, and a new slot: every line is described', async (t) => {
  checked((await afterStandby(t, 'v1')).lines)
})

test('what a server tells of the chains themselves: every line is described', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'audit.jsonl')
  const needs = { file, clock: systemClock, log: keptLog().log, sealKey, onLost: () => undefined }
  for (let times = 0; times < 2; times += 1) {
    await using audit = await openAudit(needs)
    audit.record({ event: 'chain-removed', of: 'a-chain-1234', until: 7, file: 'audit.jsonl.1' })
    audit.record({ event: 'lines-lost', count: 3 })
  }
  checked(await chainedAuditOf(folder.path, 'audit.jsonl'))
})

function goOn(t: TestContext, milliseconds: number): void {
  t.mock.timers.setTime(systemClock() + milliseconds)
}

async function sendAndRemove({ port }: Site): Promise<void> {
  const put = signedPut('a/b.txt', 'hello', { scheme: 'token' })
  for (let times = 0; times < 2; times += 1) assert.equal((await ask(port, put)).status, 201)
  const other = signedPut('a/b.txt', 'world', { scheme: 'token' })
  assert.equal((await ask(port, other)).status, 409)
  assert.equal((await ask(port, signedDelete('a/b.txt'))).status, 204)
}

for (const address of ['full', 'prefix', 'none']) {
  const title = `a file that is sent, sent again, and removed, with privacy.address = ${address}`
  described(title, [`privacy.address=${address}`], sendAndRemove)
}

described('who has no right', [], async ({ port }) => {
  const put = signedPut('a/b.txt', 'hello', { secret: 'another-secret-of-nobody' })
  for (let times = 0; times < 25; times += 1) assert.equal((await ask(port, put)).status, 403)
  const late = signedPut('a/late.txt', 'hello', { scheme: 'jwt', expiresAt: systemClock() - HOUR })
  assert.equal((await ask(port, late)).status, 403)
})

described('an upload that changes networks, pauses and goes on', [], async (site, t) => {
  const put = largePut()
  const upload = await created(site, put)
  const whole = append(upload, 8, { offset: 0, bytes: put.body, isComplete: true })
  using _lost = await halfSent(site, whole, WIFI)
  const rest = { offset: 500, bytes: put.body.subarray(500), isComplete: true }
  assert.equal((await ask(site.port, { ...append(upload, 8, rest), from: MOBILE })).status, 201)

  const slow = largePut('a/slow.txt')
  await cutUpload(site, slow, WIFI)
  goOn(t, HOUR)
  assert.equal((await ask(site.port, { ...slow, from: MOBILE })).status, 201)

  const unwanted = await created(site, largePut('a/unwanted.txt'))
  assert.equal((await ask(site.port, { method: 'DELETE', target: unwanted })).status, 204)
})

/** A record of a system that has this name. */
function systemOf(name: string): MmdbMap {
  return {
    autonomous_system_number: 64_496n,
    autonomous_system_organization: name,
    country_code: 'DE',
  }
}

test('an upload that changes networks which databases know: every line is described', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'asn.mmdb')
  await writeFile(
    file,
    mmdbOf({
      '127.0.0.0/24': systemOf('Example Cable'),
      '127.0.1.0/24': systemOf('Example Mobile'),
    }),
  )
  await using site = await startSite([`geo.asn_database=${file}`])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
  await site.server.shutdown()
  const lines = await chainedAuditOf(site.folder)
  checked(lines)
  assert.ok(
    lines.some((line) => line['fromClass'] === 'fixed' && line['networkClass'] === 'mobile'),
  )
})

described('sessions without room', ['session_store.max_sessions=1'], async (site) => {
  using _one = await halfSent(site, largePut('a/one.txt'))
  await ask(site.port, largePut('a/two.txt'))
})

const OLD = ['session_store.max_session_age=1m', 'session_store.cleanup_interval=30s']
described('a session that is too old', OLD, async (site, t) => {
  await cutUpload(site, largePut())
  t.mock.timers.tick(120_000)
  await site.logged('session expired')
})

const ONE_REFRESH = [PUBLIC_URL, 'network_resilience.max_token_refreshes=1']
described(
  'a session that is refreshed, not refreshed again, and ended',
  ONE_REFRESH,
  async (site) => {
    const put = creation(largePut(), 8, { bytes: Buffer.alloc(0), isComplete: false })
    const opened = toldSession(await ask(site.port, having(put, accepting())))
    assert.equal((await ask(site.port, having(put, accepting()))).code, 'session-exists')
    const refresh = { method: 'POST', target: '/-/session/refresh', body: '' }
    const refreshed = await askProved(site, refresh, opened)
    assert.equal(refreshed.reply.status, 200)
    const again = await askProved(site, refresh, refreshed.session)
    assert.equal(again.reply.code, 'refreshes-exhausted')
    const end = { method: 'DELETE', target: '/-/session' }
    assert.equal((await askProved(site, end, again.session)).reply.status, 204)
  },
)

const PATTERNS = ['threats.grant_on_two_networks=watch', 'threats.abuse_deletes=1']
described('patterns that are found, and lifted', PATTERNS, async (site) => {
  await takenInTurn(site)
  const user = 'romeo@montague.example'
  const put = signedPut('a/bad.txt', 'hello', { scheme: 'jwt', user })
  assert.equal((await ask(site.port, put)).status, 201)
  await using maintenance = await openMaintenance(site.config)
  const path = parseSlotPath('a/bad.txt')
  const file = await maintenance.engine.find(path)
  assert.ok(file !== undefined && (await maintenance.engine.remove(path, 'abuse')))
  await maintenance.threats.noteAbuse(file)
  assert.ok(await maintenance.threats.judgeAbuse(user))
  assert.equal((await maintenance.threats.lift(`user:${user}`)).length, 1)
})

described('a master key that comes, and one that goes', [], async (site) => {
  const needs = keyFileNeeds(site.config, systemClock)
  const { before } = await rotateKeys(needs, 0)
  await site.server.reload(site.config)
  await site.logged('master key added')
  await retireKey(needs, before.kid, { atOnce: true })
  await site.server.reload(site.config)
  await site.logged('master key removed')
})

test('every reason of a level is on the page', () => {
  const words = [...PAGE.matchAll(/^\| ((?:`[a-z-]+` ?)+)\|/gmu)].flatMap(([, cell = '']) =>
    cell.split(/[` ]+/u),
  )
  for (const reason of REASONS) assert.ok(words.includes(reason), reason)
})
