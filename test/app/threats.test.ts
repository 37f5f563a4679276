import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openMaintenance } from '../../src/app/maintenance.ts'
import { systemClock } from '../../src/core/clock.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { type MmdbMap, mmdbOf } from '../risk/mmdb-writer.ts'
import { MINUTE, goOn, opened, opening, stopClock } from './bound-uploads.ts'
import { append, created, head } from './rufh-client.ts'
import {
  type HeldSession,
  PUBLIC_URL,
  askProved,
  challenged,
  freshNonce,
  proved,
} from './session-client.ts'
import { largePut } from './session-proofs.ts'
import {
  type Line,
  type Site,
  auditOf,
  configOf,
  eventually,
  parsed,
  startSite,
  temporaryFolder,
} from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { HERE, THERE, takenInTurn } from './taken-in-turn.ts'
import { startTeamSite } from './team-site.ts'
import { metricsOf } from './visits.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

const ADMIN = 'admin.listen=127.0.0.1:0'
const JID = 'romeo@montague.example'
/** So that nothing but what is under test makes a request suspicious. */
const NOTHING_ELSE = [
  PUBLIC_URL,
  ADMIN,
  'security.challenge_on_network_change=false',
  'security.network_change_limit=99',
]

function turnsBecome(effect: string): readonly string[] {
  return [...NOTHING_ELSE, `threats.grant_on_two_networks=${effect}`]
}

/** The lines of what was found, and how often the metrics say so; ends the site. */
async function toldOf(
  site: Site,
  pattern: string,
): Promise<{ readonly lines: readonly Line[]; readonly count: number }> {
  const metrics = await metricsOf(site)
  const series = `hfs_threats_total{pattern="${pattern}"} `
  const line = metrics.split('\n').find((each) => each.startsWith(series))
  await site.server.shutdown()
  const lines = (await auditOf(site.folder)).filter(({ event }) => event === 'threat')
  return { lines, count: Number(line?.slice(series.length)) }
}

/** What is said of an upload that two networks used in turn and then its first client goes on with. */
async function afterTurns(site: Site): Promise<Reply> {
  const { target } = await takenInTurn(site)
  return await ask(site.port, { ...head(target, 8), from: THERE })
}

test('a grant that two networks use in turn is told once, and with watch nothing becomes of it', async () => {
  await using site = await startSite(turnsBecome('watch'))
  const { last } = await takenInTurn(site, 12)
  assert.equal(last?.status, 204)
  const { lines, count } = await toldOf(site, 'grant-on-two-networks')
  assert.equal(count, 1)
  assert.equal(lines.length, 1)
  assert.partialDeepStrictEqual(lines[0], {
    pattern: 'grant-on-two-networks',
    effect: 'watch',
    address: THERE,
    count: 2,
    seconds: 3600,
  })
})

/** The lines of the log that tell of what was found. */
function warningsOf(site: Site): readonly Line[] {
  const lines = site.log().split('\n').filter(Boolean).map(parsed)
  return lines.filter(({ msg }) => msg === 'threat found')
}

test('what is found is one warning in the log, which says of people what privacy.address allows', async () => {
  for (const [shown, address, user] of [
    ['full', THERE, 'r…@montague.example'],
    ['prefix', '127.2.0.0/24', 'r…@montague.example'],
    ['none', undefined, undefined],
  ] as const) {
    await using site = await startSite([
      ...turnsBecome('watch'),
      'threats.abuse_deletes=1',
      'log.level=warn',
      `privacy.address=${shown}`,
    ])
    await takenInTurn(site, 12)
    assert.equal((await ask(site.port, put('b/1'))).status, 201)
    assert.equal(await removeForAbuse(site, ['b/1']), 'watch')
    await eventually(async () => warningsOf(site).length === 2)
    const [turns, abuse] = warningsOf(site)
    assert.partialDeepStrictEqual(turns, {
      level: 'warn',
      pattern: 'grant-on-two-networks',
      effect: 'watch',
      count: 2,
      seconds: 3600,
    })
    assert.equal(turns?.['address'], address)
    assert.equal(abuse?.['pattern'], 'uploads-deleted-for-abuse')
    assert.equal(abuse?.['user'], user)
  }
})

test('switched off nothing is found of it', async () => {
  await using site = await startSite(NOTHING_ELSE)
  assert.equal((await afterTurns(site)).status, 204)
  assert.deepEqual(await toldOf(site, 'grant-on-two-networks'), { lines: [], count: 0 })
})

test('a phone whose radio flaps, and a commuter, are not found', async (t) => {
  stopClock(t)
  await using site = await startSite(turnsBecome('ban'))
  const { last } = await takenInTurn(site, 20, () => goOn(t, 3000))
  assert.equal(last?.status, 204)
  assert.deepEqual((await toldOf(site, 'grant-on-two-networks')).lines, [])
})

test('with a level it is a reason of that level, which an unbound client that is strict is asked for', async () => {
  for (const [effect, level] of [
    ['level2', 2],
    ['level3', 3],
  ] as const) {
    await using site = await startSite([...turnsBecome(effect), 'security.unbound=strict'])
    const reply = await afterTurns(site)
    assert.deepEqual([reply.status, reply.headers['x-security-level']], [401, String(level)])
    await site.server.shutdown()
    const assessed = (await auditOf(site.folder)).find(({ event }) => event === 'assessed')
    assert.partialDeepStrictEqual(assessed, { level, why: 'grant-on-two-networks' })
  }
})

test('a ban refuses the slot to both until it ends, and a new slot of the same user is served', async (t) => {
  stopClock(t)
  await using site = await startSite([...turnsBecome('ban'), 'threats.duration=1m'])
  const { target } = await takenInTurn(site)
  for (const from of [HERE, THERE]) {
    const rest = append(target, 8, { offset: 0, bytes: largePut().body, isComplete: true })
    const reply = await ask(site.port, { ...rest, from })
    assert.deepEqual([reply.status, reply.code], [403, 'session-banned'])
  }
  assert.equal((await ask(site.port, { ...largePut('a/new.txt'), from: HERE })).status, 201)
  goOn(t, MINUTE)
  assert.equal((await ask(site.port, { ...head(target, 8), from: HERE })).status, 204)
})

test('a ban begins with the request that is found, which gets nothing', async () => {
  await using site = await startSite(turnsBecome('ban'))
  const { last } = await takenInTurn(site)
  assert.equal(last?.status, 403)
})

test('requests that are refused are no returns: a stranger who gets nothing bans nobody', async () => {
  const strict = ['security.unbound=strict', 'security.challenge_on_network_change=true']
  await using site = await startSite([...turnsBecome('ban'), ...strict])
  const { target } = await takenInTurn(site, 1)
  for (const [from, status] of [
    [THERE, 401],
    [HERE, 204],
    [THERE, 401],
    [HERE, 204],
    [THERE, 401],
    [HERE, 204],
  ] as const) {
    assert.equal((await ask(site.port, { ...head(target, 8), from })).status, status, from)
  }
  assert.deepEqual(await toldOf(site, 'grant-on-two-networks'), { lines: [], count: 0 })
})

test('a ban ends when a reload takes it back', async () => {
  await using site = await startSite(turnsBecome('ban'))
  const { target } = await takenInTurn(site)
  const again = { ...head(target, 8), from: HERE }
  assert.equal((await ask(site.port, again)).status, 403)
  await site.server.reload(configOf(site.folder, turnsBecome('watch')))
  assert.equal((await ask(site.port, again)).status, 204)
})

function country(code: string): MmdbMap {
  return { country: { iso_code: code } }
}

/** A database in which two networks are of two countries. */
async function twoCountries(t: TestContext): Promise<string> {
  const stack = new AsyncDisposableStack()
  t.after(async () => await stack.disposeAsync())
  const file = join(stack.use(await temporaryFolder()).path, 'cities.mmdb')
  await writeFile(file, mmdbOf({ '127.1.0.0/16': country('DE'), '127.2.0.0/16': country('FR') }))
  return file
}

/** The statuses of requests that prove a session from two countries in turn. */
async function provedInTurn(
  site: Site,
  times: number,
): Promise<{ statuses: readonly number[]; target: string; session: HeldSession }> {
  const slot = signedPut('a/b.txt', '0123456789', { scheme: 'jwt', user: JID })
  const { target, session } = await opened(site, { ...opening(undefined, slot), from: HERE })
  const statuses: number[] = []
  let held = session
  for (let number = 0; number < times; number += 1) {
    const request = { ...head(target, 8), from: number % 2 ? THERE : HERE }
    const { reply, session: next } = await askProved(site, request, held)
    statuses.push(reply.status)
    if (reply.status !== 204) return { statuses, target, session: held }
    held = next
  }
  return { statuses, target, session: held }
}

test('a slot whose session proves itself from two networks in turn is found, too, and a ban is of the session', async () => {
  for (const [effect, last] of [
    ['watch', 204],
    ['ban', 403],
  ] as const) {
    await using site = await startSite(turnsBecome(effect))
    const { statuses } = await provedInTurn(site, 5)
    assert.equal(statuses.at(-1), last, effect)
    const { count, lines } = await toldOf(site, 'grant-on-two-networks')
    assert.equal(count, 1)
    assert.equal(lines.length, 1)
  }
})

function countriesBecome(effect: string, file: string): readonly string[] {
  const flags = ['geo.country_change=off', 'geo.max_speed_kmh=0', `geo.city_database=${file}`]
  return [...NOTHING_ELSE, ...flags, `threats.session_in_two_countries=${effect}`]
}

test('a session that two countries prove in turn is told, banned, or needs a new grant, which ends what was found', async (t) => {
  const file = await twoCountries(t)
  for (const [effect, statuses] of [
    ['off', [204, 204, 204, 204, 204, 204]],
    ['watch', [204, 204, 204, 204, 204, 204]],
    ['ban', [204, 204, 204, 403]],
    ['level3', [204, 204, 204, 401]],
  ] as const) {
    await using site = await startSite(countriesBecome(effect, file))
    const turns = await provedInTurn(site, 6)
    assert.deepEqual(turns.statuses, statuses, effect)
    if (effect === 'level3') {
      const slot = signedPut('a/new.txt', 'hello', { scheme: 'jwt', user: JID })
      const confirmed = await askProved(
        site,
        { ...slot, from: HERE },
        await challenged(site, turns.session),
      )
      assert.equal(confirmed.reply.status, 201)
      const request = { ...head(turns.target, 8), from: HERE }
      assert.equal((await askProved(site, request, confirmed.session)).reply.status, 204)
    }
    const { count } = await toldOf(site, 'session-in-two-countries')
    assert.equal(count, effect === 'off' ? 0 : 1)
  }
})

/** A request that a proxy passes on for a client elsewhere: of this machine's own networks nothing is found. */
function fromAfar<R extends RawRequest>(request: R): R {
  return having(request, { 'x-forwarded-for': '198.51.100.9' })
}

/** How keys are tried. */
interface Guessing {
  readonly isProved?: boolean
  /** What the proxy in between makes of a request. */
  readonly pass?: (request: RawRequest) => RawRequest
}

/** Tries wrong keys for so many sessions from one place; their owners proved them before, or did not. */
async function guess(
  site: Site,
  sessions: number,
  { isProved = true, pass = fromAfar }: Guessing = {},
): Promise<void> {
  for (let number = 0; number < sessions; number += 1) {
    const slot = signedPut(`a/${number}.txt`, '0123456789')
    const { target, session } = await opened(site, { ...opening(undefined, slot), from: HERE })
    const own = isProved
      ? await askProved(site, { ...head(target, 8), from: HERE }, session)
      : { session }
    const wrong = proved(head(target, 8), { ...own.session, key: freshNonce() })
    await ask(site.port, pass(wrong))
  }
}

test('wrong keys for many sessions are told; a ban is of the network they came from, not of the owners of the sessions', async () => {
  for (const [effect, status] of [
    ['off', 201],
    ['watch', 201],
    ['ban', 403],
  ] as const) {
    await using site = await startSite([
      ...NOTHING_ELSE,
      `threats.failing_proofs=${effect}`,
      'threats.failing_sessions=3',
    ])
    await guess(site, 3)
    assert.equal((await ask(site.port, fromAfar(largePut('a/x')))).status, status, effect)
    assert.equal((await ask(site.port, { ...largePut('a/y'), from: HERE })).status, 201)
    const { count } = await toldOf(site, 'failing-proofs')
    assert.equal(count, effect === 'off' ? 0 : 1)
  }
})

test('behind a proxy that does not say for whom it asks nobody is banned for what others do', async () => {
  await using site = await startSite([
    ...NOTHING_ELSE,
    'threats.failing_proofs=ban',
    'threats.failing_sessions=2',
  ])
  await guess(site, 4, { pass: (request) => request })
  assert.equal((await ask(site.port, largePut('a/x'))).status, 201)
})

test('one bad client of a hotel bans nobody, nor do clients whose sessions are gone', async () => {
  await using site = await startSite([
    ...NOTHING_ELSE,
    'threats.failing_proofs=ban',
    'threats.failing_sessions=2',
  ])
  const begun = await opened(site)
  const { target } = begun
  const { session } = await askProved(site, { ...head(target, 8), from: HERE }, begun.session)
  for (let times = 0; times < 5; times += 1) {
    const wrong = proved(head(target, 8), { ...session, key: freshNonce() })
    await ask(site.port, fromAfar(wrong))
    const gone = proved(head(target, 8), { ...session, id: freshNonce() })
    await ask(site.port, fromAfar(gone))
  }
  assert.equal((await ask(site.port, fromAfar(largePut('a/x')))).status, 201)
})

function put(name: string, user = JID): SignedPut {
  return signedPut(name, 'hello', { scheme: 'jwt', user })
}

test('sessions that nobody ever proved do not count: a proxy may change all their requests', async () => {
  await using site = await startSite([
    ...NOTHING_ELSE,
    'threats.failing_proofs=ban',
    'threats.failing_sessions=2',
  ])
  await guess(site, 4, { isProved: false })
  assert.equal((await ask(site.port, fromAfar(largePut('a/x')))).status, 201)
})

/** Files of a user that an operator's command removes for abuse. */
async function removeForAbuse(
  site: Pick<Site, 'config'>,
  names: readonly string[],
  user = JID,
): Promise<string | undefined> {
  await using maintenance = await openMaintenance(site.config)
  const { engine, threats } = maintenance
  for (const name of names) {
    const path = parseSlotPath(name)
    const file = await engine.find(path)
    assert.ok(file !== undefined && (await engine.remove(path, 'abuse')))
    assert.equal(await threats.noteAbuse(file), user)
  }
  return (await threats.judgeAbuse(user))?.effect
}

test('a user whose files are all removed for abuse is banned within seconds, another one is not, and lifting ends it', async () => {
  await using site = await startSite([
    ...NOTHING_ELSE,
    'threats.uploads_deleted_for_abuse=ban',
    'threats.abuse_deletes=2',
  ])
  for (const name of ['a/1', 'a/2', 'a/3'])
    assert.equal((await ask(site.port, put(name))).status, 201)
  assert.equal(await removeForAbuse(site, ['a/1']), undefined)
  assert.equal(await removeForAbuse(site, ['a/2']), undefined, 'a third is still there')
  assert.equal(await removeForAbuse(site, ['a/3']), 'ban')
  let number = 10
  const isBanned = async (): Promise<boolean> =>
    (await ask(site.port, put(`a/${number++}`))).code === 'banned'
  await eventually(isBanned)
  assert.equal((await ask(site.port, put('b/1', 'juliet@capulet.example'))).status, 201)
  assert.match(
    await metricsOf(site),
    /^hfs_threats_total\{pattern="uploads-deleted-for-abuse"\} 1$/mu,
  )
  {
    await using maintenance = await openMaintenance(site.config)
    assert.equal((await maintenance.threats.lift(`user:${JID}`)).length, 1)
  }
  await eventually(async () => !(await isBanned()))
})

test('a user whom one scheme names by the JID and another one by its SHA-1 is one: counted, banned and lifted together', async () => {
  await using site = await startSite([
    ...NOTHING_ELSE,
    'threats.uploads_deleted_for_abuse=ban',
    'threats.abuse_deletes=2',
  ])
  const hashed = hash('sha1', JID)
  const asEjabberd = (name: string): SignedPut =>
    signedPut(`${hashed}/x/${name}`, 'hello', { scheme: 'v1' })
  const both = (name: string): readonly SignedPut[] => [put(`a/${name}`), asEjabberd(name)]
  for (const file of both('1')) assert.equal((await ask(site.port, file)).status, 201)
  assert.equal((await ask(site.port, put('a/2', JID.toUpperCase()))).status, 201)
  assert.equal(await removeForAbuse(site, ['a/1']), undefined)
  assert.equal(await removeForAbuse(site, [`${hashed}/x/1`], hashed), undefined, 'one is there')
  assert.equal(await removeForAbuse(site, ['a/2'], JID.toUpperCase()), 'ban')
  let number = 10
  const answers = async (): Promise<readonly number[]> => {
    number += 1
    const asked = both(String(number)).map(async (file) => await ask(site.port, file))
    return (await Promise.all(asked)).map(({ status }) => status)
  }
  await eventually(async () => (await answers()).every((status) => status === 403))
  {
    await using maintenance = await openMaintenance(site.config)
    assert.equal((await maintenance.threats.lift(`user:${hashed}`)).length, 1)
    assert.deepEqual(await maintenance.threats.list(), [])
  }
  await eventually(async () => (await answers()).every((status) => status === 201))
})

test('what one server finds holds on another one that shares its state, and after a restart', async () => {
  const flags = turnsBecome('ban')
  await using first = await startSite(flags)
  const { target } = await takenInTurn(first)
  await first.server.shutdown()
  await using second = await startSite(flags, { folder: first.folder })
  assert.equal((await ask(second.port, { ...head(target, 8), from: HERE })).status, 403)
  const fresh = await created(second, largePut('a/fresh.txt'))
  assert.equal((await ask(second.port, head(fresh, 8))).status, 204)
})

test('every worker refuses who is banned beside them, and the server counts it once', async () => {
  const ban = ['threats.uploads_deleted_for_abuse=ban', 'threats.abuse_deletes=1']
  await using team = await startTeamSite(ban)
  // How ejabberd names the user of a slot.
  const user = hash('sha1', JID)
  const file = (name: string): SignedPut => signedPut(`${user}/x/${name}`, 'hello')
  assert.equal((await ask(team.port, file('bad'))).status, 201)
  assert.equal(
    await removeForAbuse({ config: configOf(team.folder, ban) }, [`${user}/x/bad`], user),
    'ban',
  )
  let refused = 0
  // Each connection is taken by either of the two.
  await eventually(async () => {
    const { code } = await ask(team.port, file(String(systemClock())))
    refused = code === 'banned' ? refused + 1 : 0
    return refused === 20
  })
  const counted = /^hfs_threats_total\{pattern="uploads-deleted-for-abuse"\} 1$/mu
  await eventually(async () => counted.test(await metricsOf(team)))
})
