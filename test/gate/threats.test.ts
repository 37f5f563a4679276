import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings } from '../../src/abuse/findings.ts'
import { threatPolicyOf } from '../../src/app/risk-policy.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { Threat } from '../../src/gate/events.ts'
import { type Threats, threats } from '../../src/gate/threats.ts'
import {
  clientAddressOf,
  clientAddressPolicy,
  proxyNetworks,
} from '../../src/http/client-address.ts'
import { memoryFindings } from '../abuse/memory-findings.ts'
import { configOf } from '../app/site.ts'
import { HOME, TRAIN } from '../observe/samples.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const clock = (): number => NOON

/** A server's threats, what it was told of, and another server that shares its state. */
interface Pair {
  readonly here: Threats
  readonly there: Threats
  readonly told: Threat[]
  readonly lifted: string[]
  /** How often the name of a network was asked for. */
  readonly named: () => number
  readonly refresh: () => Promise<void>
  readonly reload: (...flags: readonly string[]) => void
}

function pair(...flags: readonly string[]): Pair {
  const store = memoryFindings(clock)
  let config = configOf('/', flags)
  const told: Threat[] = []
  const lifted: string[] = []
  let named = 0
  const server = (): readonly [Threats, () => Promise<void>] => {
    const found = findings({ store, clock })
    const made = threats({
      findings: found,
      policy: () => threatPolicyOf(config),
      places: { find: () => undefined },
      networkName({ network }) {
        named += 1
        return `name of ${network}`
      },
      isOfProxies: proxyNetworks(config.server.trustedProxies),
      clock,
      events: {
        threatFound: (threat) => told.push(threat),
        threatLifted: ({ pattern }) => lifted.push(pattern),
      },
      maxTracked: 100,
    })
    return [made, async () => await found.refresh()]
  }
  const [[here, tell], [there, ask]] = [server(), server()]
  const refresh = async (): Promise<void> => {
    await tell()
    await ask()
  }
  const reload = (...changed: readonly string[]): void => {
    config = configOf('/', changed)
  }
  return { here, there, told, lifted, named: () => named, refresh, reload }
}

/** Wrong keys for so many sessions from one place. */
function guess(one: Threats, sessions: number, client = HOME): void {
  for (let number = 0; number < sessions; number += 1)
    one.failed({ client }, { session: `session ${number}`, why: 'wrong' })
}

test('a ban that one server makes holds on the other, of that network and of no other', async () => {
  const { here, there, refresh } = pair('threats.failing_proofs=ban')
  guess(here, 20)
  assert.equal(here.banOf(HOME), 'failing-proofs')
  await refresh()
  assert.equal(there.banOf(HOME), 'failing-proofs')
  assert.equal(there.banOf(TRAIN), undefined)
})

test('a level that one server finds holds on the other, and is no ban', async () => {
  const { here, there, refresh } = pair('threats.failing_proofs=level2')
  guess(here, 20)
  await refresh()
  assert.deepEqual(there.foundOf({ client: HOME }, { name: 'any' }), ['failing-proofs'])
  assert.deepEqual(there.foundOf({ client: TRAIN }, { name: 'any' }), [])
  assert.equal(there.banOf(HOME), undefined)
})

test('what is only watched for is told, and is nothing to the other server', async () => {
  const { here, there, told, refresh } = pair('threats.failing_proofs=watch')
  guess(here, 40)
  await refresh()
  assert.equal(told.length, 1)
  assert.deepEqual(there.foundOf({ client: HOME }, { name: 'any' }), [])
})

test('a request is not asked for the name of its network where nothing that was found of one matters', async () => {
  for (const effect of ['off', 'watch', 'level2', 'ban']) {
    const { here, named, refresh } = pair(
      `threats.failing_proofs=${effect}`,
      'threats.grant_on_two_networks=ban',
    )
    takeTurns(here)
    guess(here, 20)
    await refresh()
    const before = named()
    here.banOf(HOME, 'romeo@montague.example')
    assert.equal(named() - before, effect === 'ban' ? 1 : 0, effect)
    here.foundOf({ client: HOME }, { name: 'any' })
    assert.equal(named() - before, effect === 'level2' || effect === 'ban' ? 1 : 0, effect)
  }
})

test('failures that a lost session, a proxy or a clock makes do not count', () => {
  const { here, told } = pair('threats.failing_proofs=ban')
  for (const why of ['unknown-session', 'expired', 'used', 'url', 'time', 'credential', 'foreign'])
    for (let number = 0; number < 30; number += 1)
      here.failed({ client: HOME }, { session: `session ${number}`, why })
  assert.deepEqual(told, [])
})

test('all that come through one proxy without an address are never one network, nor is what shares a network with a proxy', () => {
  const flags = ['threats.failing_proofs=ban', 'server.trusted_proxies=203.0.113.7/32']
  const policy = clientAddressPolicy({ source: 'peer', trustedProxies: [] })
  const peers = ['127.0.0.1', '127.9.0.1', '::1', '203.0.113.7', '203.0.113.200'].map(
    (address) => ({ kind: 'ip', address }) as const,
  )
  for (const peer of [{ kind: 'unix' } as const, ...peers]) {
    const { here, told } = pair(...flags)
    guess(here, 40, clientAddressOf(peer, {}, policy))
    assert.deepEqual(told, [], JSON.stringify(peer))
  }
  const { here, told } = pair(...flags)
  guess(here, 20, clientAddressOf({ kind: 'ip', address: '203.0.112.7' }, {}, policy))
  assert.equal(told.length, 1)
})

/** Two networks that use a slot in turn. */
function takeTurns(one: Threats): void {
  const slot = { fingerprint: fingerprintOf(parseSlotPath('a/b')), session: 'session' }
  for (const client of [HOME, TRAIN, HOME, TRAIN]) one.used({ client }, slot)
}

test('a new grant ends what was found of a session on all servers, and that is told', async () => {
  const { here, there, lifted, refresh } = pair('threats.grant_on_two_networks=level3')
  takeTurns(here)
  await refresh()
  assert.deepEqual(there.foundOf({ client: HOME }, { name: 'session' }), ['grant-on-two-networks'])
  await here.confirmed('session')
  assert.deepEqual(lifted, ['grant-on-two-networks'])
  await refresh()
  assert.deepEqual(there.foundOf({ client: HOME }, { name: 'session' }), [])
})

test('what one server alone knows yet ends there, too, when another one sees a new grant; what is only watched for does not', async () => {
  for (const [effect, found] of [
    ['ban', []],
    ['watch', ['grant-on-two-networks']],
  ] as const) {
    const server = pair('threats.grant_on_two_networks=ban')
    takeTurns(server.here)
    server.reload(`threats.grant_on_two_networks=${effect}`)
    await server.there.confirmed('session')
    assert.deepEqual(server.lifted, [])
    await server.refresh()
    await server.refresh()
    assert.deepEqual(server.here.foundOf({ client: HOME }, { name: 'session' }), found)
  }
})

test('a server that does not know yet that a finding ended goes by when the session was confirmed', async () => {
  for (const effect of ['level3', 'ban']) {
    const { there, here, refresh } = pair(`threats.grant_on_two_networks=${effect}`)
    takeTurns(here)
    await refresh()
    for (const [confirmedAt, found] of [
      [NOON - 1, ['grant-on-two-networks']],
      [NOON, []],
    ] as const) {
      const session = { name: 'session', confirmedAt }
      assert.deepEqual(there.foundOf({ client: HOME }, session), found)
      const refuse = (): void => there.refuseBanned(session)
      if (effect === 'ban' && found.length > 0) assert.throws(refuse, { code: 'session-banned' })
      else refuse()
    }
  }
})

test('a finding is as old as it is, whatever findings last from now on', async () => {
  const effect = 'threats.grant_on_two_networks=ban'
  const { there, here, refresh, reload } = pair(effect, 'threats.duration=1h')
  takeTurns(here)
  await refresh()
  for (const duration of ['2m', '6h']) {
    reload(effect, `threats.duration=${duration}`)
    const sessionAt = (confirmedAt: number) => () =>
      there.refuseBanned({ name: 'session', confirmedAt })
    assert.throws(sessionAt(NOON - 1), { code: 'session-banned' }, duration)
    sessionAt(NOON)()
  }
})

test('what was only watched for bans nobody after a reload, until it is found again: then all know it', async () => {
  const server = pair('threats.failing_proofs=watch')
  const { here, there, told, refresh } = server
  guess(here, 20)
  server.reload('threats.failing_proofs=ban')
  assert.equal(here.banOf(HOME), undefined)
  guess(here, 20)
  assert.deepEqual(
    told.map(({ effect }) => effect),
    ['watch', 'ban'],
  )
  await refresh()
  assert.deepEqual(
    [here, there].map((each) => each.banOf(HOME)),
    ['failing-proofs', 'failing-proofs'],
  )
})
