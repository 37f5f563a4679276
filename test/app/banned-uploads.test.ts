import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abuse } from '../../src/abuse/abuse.ts'
import { withTemporaryBans } from '../../src/abuse/temporary-bans.ts'
import { type Bans, bansOver, startEndingBanned } from '../../src/app/banned-uploads.ts'
import { openMaintenance } from '../../src/app/maintenance.ts'
import { abusePolicyOf } from '../../src/app/security-settings.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import type { Threats } from '../../src/gate/threats.ts'
import type { BoundSession } from '../../src/sessions/session-record.ts'
import { memoryCounters } from '../../src/stores/memory/counters.ts'
import { slotRecord } from '../conformance/slot-store.ts'
import { threatsOf } from '../gate/found-threats.ts'
import { HOME, TRAIN, keptLog } from '../observe/samples.ts'
import { pass } from './passing-time.ts'
import { append, created, head, offsetOf } from './rufh-client.ts'
import { PUBLIC_URL } from './session-client.ts'
import { SECRETS, type Site, auditOf, configOf, startSite, stored } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { HERE, THERE } from './taken-in-turn.ts'
import { startTeamSite } from './team-site.ts'
import { halfSent } from './visits.ts'
import { type Wire, ask, statusesIn } from './wire-client.ts'

const JID = 'romeo@montague.example'
const BODY = Buffer.alloc(100_000, 'b')
const HALF = BODY.length / 2
const ENDED = 'uploads under way ended, because of a ban'
const NOON = Date.UTC(2026, 10, 22, 12)
const SLOT = slotRecord({ fingerprint: fingerprintOf(parseSlotPath('a/b.txt')), user: JID })

/** A session, and when it was confirmed. */
function sessionOf(confirmedAt?: number): BoundSession {
  const bound = { key: 'hmac', refreshes: 0, refreshUsed: 0 } as const
  return {
    key: 'session',
    openedAt: NOON,
    lastActiveAt: NOON,
    requests: 4,
    switches: 3,
    recoveries: 0,
    networks: [],
    uploads: [],
    revision: 1,
    bound: confirmedAt === undefined ? bound : { ...bound, confirmedAt },
  }
}

/** The bans of a process with these options, what it looks for, and how sessions are found. */
function bansOf(
  flags: readonly string[],
  find: () => Promise<BoundSession | undefined> = async () => undefined,
): { readonly bans: Bans; readonly threats: Threats } {
  const config = configOf('/', flags)
  const threats = threatsOf(config, { clock: () => NOON })
  const limits = abuse({
    failures: memoryCounters(),
    uploads: memoryCounters(),
    policy: () => abusePolicyOf(config),
  })
  return {
    threats,
    bans: bansOver({
      abuse: withTemporaryBans(limits, (...who) => threats.banOf(...who)),
      threats,
      bound: { find },
    }),
  }
}

/** What two networks take from each other in turn. */
function takeTurns(threats: Threats, slot: SlotRecord): void {
  for (const client of [HOME, TRAIN, HOME, TRAIN]) threats.used({ client }, slot)
}

function put(name: string, user = JID): SignedPut {
  return signedPut(`a/${name}`, BODY, { scheme: 'jwt', user })
}

/** Puts new options into effect. */
async function reload(site: Site, ...flags: readonly string[]): Promise<void> {
  await site.server.reload(configOf(site.folder, [PUBLIC_URL, ...flags]))
}

function whole(target: string): ReturnType<typeof append> & { readonly body: Buffer } {
  return { ...append(target, 8, { offset: 0, bytes: BODY, isComplete: true }), body: BODY }
}

test('nobody is compared with bans where there are none, whatever is found', () => {
  const { bans, threats } = bansOf(['threats.grant_on_two_networks=level3'])
  takeTurns(threats, SLOT)
  assert.equal(bans.areThere(), false)
  assert.ok(bansOf([`limits.banned_users=${JID}`]).bans.areThere())
  assert.ok(bansOf(['limits.banned_networks=127.1.0.0/24']).bans.areThere())
})

test('a session that was confirmed after it was found goes on, where that is not known to have ended, too', async () => {
  for (const [confirmedAt, isBanned] of [
    [undefined, true],
    [NOON - 1, true],
    [NOON, false],
  ] as const) {
    const { bans, threats } = bansOf(['threats.grant_on_two_networks=ban'], async () =>
      sessionOf(confirmedAt),
    )
    const slot = { ...SLOT, session: 'session' }
    takeTurns(threats, slot)
    assert.ok(bans.areThere())
    assert.equal(await bans.meet({ client: HOME, slot }), isBanned)
    assert.equal(await bans.meet({ client: HOME, slot: SLOT }), false)
  }
})

test('while the state is away, whoever is known to be banned is; what else fails is no ban', async () => {
  const slot = { ...SLOT, session: 'session' }
  for (const [error, outcome] of [
    [new Refusal('state-unavailable'), true],
    [new TypeError('no session'), undefined],
  ] as const) {
    const { bans, threats } = bansOf(['threats.grant_on_two_networks=ban'], async () => {
      throw error
    })
    takeTurns(threats, slot)
    const asked = bans.meet({ client: HOME, slot })
    if (outcome === undefined) await assert.rejects(asked, error)
    else assert.equal(await asked, outcome)
  }
})

test('a slot without a session that is banned is nobody else’s, and a network that guesses is banned with all its slots', async () => {
  const { bans, threats } = bansOf([
    'threats.grant_on_two_networks=ban',
    'threats.failing_proofs=ban',
    'threats.failing_sessions=3',
  ])
  takeTurns(threats, SLOT)
  const other = { ...SLOT, fingerprint: fingerprintOf(parseSlotPath('a/other')) }
  const meets = async (): Promise<readonly boolean[]> =>
    await Promise.all([
      bans.meet({ client: HOME, slot: SLOT }),
      bans.meet({ client: HOME, slot: other }),
      bans.meet({ client: TRAIN, slot: other }),
    ])
  assert.deepEqual(await meets(), [true, false, false])
  for (const session of ['1', '2', '3'])
    threats.failed({ client: TRAIN }, { session, why: 'wrong' })
  assert.deepEqual(await meets(), [true, false, true])
})

test('uploads are compared with bans while there are any; those that cannot be go on, and are compared again', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { log, written } = keptLog()
  let asked = 0
  let areThere = false
  const bans = { areThere: () => areThere, meet: async () => true }
  const ending = startEndingBanned({
    engine: {
      async endUnwanted() {
        asked += 1
        if (asked < 3) throw new TypeError('no session')
        return 2
      },
    },
    bans,
    log,
  })
  await pass(t, 1000)
  assert.equal(asked, 0)
  areThere = true
  for (let times = 0; times < 3; times += 1) await pass(t, 1000)
  await ending[Symbol.asyncDispose]()
  assert.equal(asked, 3)
  assert.equal(written().split('not compared with bans').length - 1, 1)
  assert.match(written(), /"uploads":2/u)
})

for (const [whom, ban] of [
  ['user', `limits.banned_users=${JID}`],
  ['network', 'limits.banned_networks=127.1.0.0/24'],
] as const) {
  test(`uploads under way of a ${whom} that is banned end unanswered, with what came; others go on`, async () => {
    await using site = await startSite([PUBLIC_URL])
    const target = await created(site, { ...put('1'), from: HERE })
    using patch = await halfSent(site, whole(target), HERE)
    using plain = await halfSent(site, put('2'), HERE)
    using other = await halfSent(site, put('3', 'juliet@capulet.example'), THERE)
    await stored(site, 3 * HALF)
    await reload(site, ban)
    const answers = await Promise.all([patch.ended, plain.ended])
    assert.deepEqual(answers.map(statusesIn), [[], []])
    assert.equal((await site.logged(ENDED))['uploads'], 2)
    other.send(BODY.subarray(HALF))
    await other.until('HTTP/1.1 201')
    assert.equal((await ask(site.port, { ...head(target, 8), from: HERE })).status, 403)
    await reload(site)
    assert.equal(await offsetOf(site, target), HALF)
    await site.server.shutdown()
    const kept = (await auditOf(site.folder)).filter(({ event }) => event === 'interrupted')
    assert.deepEqual(
      kept.map((line) => line['kept']),
      [HALF, HALF],
    )
  })
}

test('an upload whose slot is banned while its body flows ends, and its user goes on in a new slot', async () => {
  await using site = await startSite([
    PUBLIC_URL,
    'threats.grant_on_two_networks=ban',
    'security.challenge_on_network_change=false',
    'security.network_change_limit=99',
  ])
  const target = await created(site, { ...put('1'), from: HERE })
  assert.equal((await ask(site.port, { ...head(target, 8), from: THERE })).status, 204)
  using owner = await halfSent(site, whole(target), HERE)
  assert.equal((await ask(site.port, { ...head(target, 8), from: THERE })).status, 403)
  assert.deepEqual(statusesIn(await owner.ended), [])
  assert.equal((await ask(site.port, { ...put('2'), from: HERE })).status, 201)
})

test('uploads of a user who is banned by what was found elsewhere end in every process', async () => {
  const flags = ['threats.uploads_deleted_for_abuse=ban', 'threats.abuse_deletes=2']
  await using site = await startTeamSite([`grants.jwt_secret=${SECRETS.jwt}`, ...flags])
  const files = [put('1'), put('2')]
  for (const file of files) assert.equal((await ask(site.port, file)).status, 201)
  // Chance decides which worker accepts a connection.
  const sending: Wire[] = []
  for (let number = 0; number < 12; number += 1)
    sending.push(await halfSent(site, put(`under-way-${number}`)))
  {
    await using maintenance = await openMaintenance(configOf(site.folder, flags))
    const { engine, threats } = maintenance
    for (const path of ['a/1', 'a/2'].map(parseSlotPath)) {
      const file = await engine.find(path)
      assert.ok(file !== undefined && (await engine.remove(path, 'abuse')))
      await threats.noteAbuse(file)
    }
    assert.equal((await threats.judgeAbuse(JID))?.effect, 'ban')
  }
  const answers = await Promise.all(sending.map(async ({ ended }) => await ended))
  assert.deepEqual(answers.flatMap(statusesIn), [])
  const one = await site.logged(({ msg }) => msg === ENDED)
  const other = await site.logged(({ msg, worker }) => msg === ENDED && worker !== one['worker'])
  assert.equal(Number(one['uploads']) + Number(other['uploads']), sending.length)
})
