import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { mmdbOf } from '../risk/mmdb-writer.ts'
import { creation, head, located } from './rufh-client.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Site, startSite, temporaryFolder } from './site.ts'
import { type Reply, ask, having } from './wire-client.ts'

const MINUTE = 60_000

/** Addresses of three networks. */
const HOME = '127.0.0.2'
const TRAIN = '127.0.1.2'
const OFFICE = '127.0.2.2'

const STRICT = 'security.unbound=strict'
/** So that nothing but what is under test makes a change of network suspicious. */
const NO_MATTER = 'security.challenge_on_network_change=false'
const ANY_SPEED = 'geo.max_speed_kmh=0'
const ANY_COUNTRY = 'geo.country_change=off'

/** The answer to an upload that is sent again from another network. */
async function afterSwitch(...flags: readonly string[]): Promise<Reply> {
  await using site = await startSite(flags)
  const put = largePut()
  await cutUpload(site, put, HOME)
  return await ask(site.port, { ...put, from: TRAIN })
}

/** The status of an upload that is sent again after so many minutes. */
async function statusAfter(
  t: TestContext,
  minutes: number,
  ...flags: readonly string[]
): Promise<number> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  try {
    await using site = await startSite(flags)
    const put = largePut()
    await cutUpload(site, put)
    t.mock.timers.setTime(systemClock() + minutes * MINUTE)
    return (await ask(site.port, put)).status
  } finally {
    t.mock.timers.reset()
  }
}

/** The status of an upload whose network changes twice, two minutes apart. */
async function statusAfterTwoSwitches(t: TestContext, window: string): Promise<number> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  try {
    const limit = 'security.network_change_limit=1'
    await using site = await startSite([
      STRICT,
      NO_MATTER,
      limit,
      `security.network_change_window=${window}`,
    ])
    const put = largePut()
    await cutUpload(site, put, HOME)
    await cutUpload(site, put, TRAIN)
    t.mock.timers.setTime(systemClock() + 2 * MINUTE)
    return (await ask(site.port, { ...put, from: OFFICE })).status
  } finally {
    t.mock.timers.reset()
  }
}

/** The status of a change from Berlin to Lisbon, with a database that has both. */
async function statusOfJourney(...flags: readonly string[]): Promise<number> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'city.mmdb')
  await writeFile(
    file,
    mmdbOf({
      '127.0.0.0/24': { country_code: 'DE', latitude: 52.5, longitude: 13.4 },
      '127.0.1.0/24': { country_code: 'PT', latitude: 38.7, longitude: -9.1 },
    }),
  )
  return (await afterSwitch(STRICT, NO_MATTER, `geo.city_database=${file}`, ...flags)).status
}

/** The status of a question that answers, from `to`, the challenge that HOME was given. */
async function statusOfAnswer(policy: string, to: string): Promise<number> {
  await using site = await startSite([`security.challenge_address=${policy}`])
  const accept = `hmac-sha256; nonce="${randomBytes(32).toString('base64url')}"`
  const opening = creation(largePut(), 8, { bytes: Buffer.alloc(0), isComplete: false })
  const opened = await ask(
    site.port,
    having({ ...opening, from: HOME }, { 'X-Session-Accept': accept }),
  )
  const target = located(opened)
  const session = { 'X-Session-ID': opened.headers['x-session-id'] ?? '' }
  const key = Buffer.from(opened.headers['x-session-key'] ?? '', 'base64url')
  const challenge = await challengeOf(site, { ...head(target, 8, session), from: HOME })
  const signed = [
    'HMAC-Challenge/1',
    session['X-Session-ID'],
    'HEAD',
    site.config.server.publicUrl.host,
    target,
  ]
  const mac = createHmac('sha256', key).update([...signed, challenge, '-', '-'].join('\n'))
  const answer = { 'X-Challenge-Response': `${challenge}.${mac.digest('base64url')}` }
  return (await ask(site.port, { ...head(target, 8, { ...session, ...answer }), from: to })).status
}

async function challengeOf({ port }: Site, request: Parameters<typeof ask>[1]): Promise<string> {
  const { headers } = await ask(port, request)
  const [, challenge] = /challenge="([^"]+)"/u.exec(headers['www-authenticate'] ?? '') ?? []
  assert.ok(challenge, JSON.stringify(headers))
  return challenge
}

/** For each option about suspicion: it is set to two values, and somebody can tell them apart. */
export const SECURITY_PROOFS: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
  'security.enhanced_security': async () => {
    assert.equal((await afterSwitch(STRICT)).status, 401)
    assert.equal((await afterSwitch(STRICT, 'security.enhanced_security=false')).status, 201)
  },
  'security.unbound': async () => {
    assert.equal((await afterSwitch(STRICT)).status, 401)
    assert.equal((await afterSwitch('security.unbound=lenient')).status, 201)
  },
  'security.challenge_on_network_change': async () => {
    assert.equal((await afterSwitch(STRICT)).status, 401)
    assert.equal((await afterSwitch(STRICT, NO_MATTER)).status, 201)
  },
  'security.standby_threshold_minutes': async (t) => {
    assert.equal(await statusAfter(t, 40, STRICT), 401)
    assert.equal(await statusAfter(t, 40, STRICT, 'security.standby_threshold_minutes=60'), 201)
  },
  'security.reauth_on_long_standby': async (t) => {
    // The slot's grant carries no time and counts as expired after ten minutes: less than two hours ago.
    assert.equal(await statusAfter(t, 125), 403)
    assert.equal(await statusAfter(t, 125, 'security.reauth_on_long_standby=false'), 201)
  },
  'security.long_standby_threshold_hours': async (t) => {
    assert.equal(await statusAfter(t, 125), 403)
    assert.equal(await statusAfter(t, 125, 'security.long_standby_threshold_hours=3'), 201)
  },
  'security.network_change_limit': async () => {
    for (const [limit, status] of [
      [0, 401],
      [1, 201],
    ] as const) {
      const flag = `security.network_change_limit=${limit}`
      assert.equal((await afterSwitch(STRICT, NO_MATTER, flag)).status, status)
    }
  },
  'security.network_change_window': async (t) => {
    assert.equal(await statusAfterTwoSwitches(t, '1h'), 401)
    assert.equal(await statusAfterTwoSwitches(t, '1m'), 201)
  },
  'security.challenge_window': async () => {
    for (const [window, seconds] of [
      ['5m', 300],
      ['30s', 30],
    ] as const) {
      const { headers } = await afterSwitch(STRICT, `security.challenge_window=${window}`)
      assert.match(headers['www-authenticate'] ?? '', new RegExp(`max-age=${seconds}\\b`, 'u'))
    }
  },
  'security.challenge_address': async () => {
    const neighbour = '127.0.0.3'
    assert.equal(await statusOfAnswer('off', TRAIN), 204)
    assert.equal(await statusOfAnswer('prefix', TRAIN), 401)
    assert.equal(await statusOfAnswer('prefix', neighbour), 204)
    assert.equal(await statusOfAnswer('exact', neighbour), 401)
  },
  'security.master_key': async () => {
    for (const name of ['one.key', 'two.key']) {
      await using site = await startSite([`security.master_key=./${name}`])
      assert.ok(existsSync(join(site.folder, name)))
    }
  },
  'geo.asn_database': async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'asn.mmdb')
    await writeFile(file, 'no database')
    await assert.rejects(startSite([`geo.asn_database=${file}`]), /asn\.mmdb cannot be used/u)
    await writeFile(file, mmdbOf({ '127.0.0.0/24': { autonomous_system_number: 64_496n } }))
    await using _started = await startSite([`geo.asn_database=${file}`])
  },
  'geo.city_database': async () => {
    assert.equal(await statusOfJourney(), 401)
    assert.equal((await afterSwitch(STRICT, NO_MATTER)).status, 201)
  },
  'geo.country_change': async () => {
    assert.equal(await statusOfJourney(ANY_SPEED, 'geo.country_change=challenge'), 401)
    assert.equal(await statusOfJourney(ANY_SPEED, 'geo.country_change=off'), 201)
  },
  'geo.max_speed_kmh': async () => {
    assert.equal(await statusOfJourney(ANY_COUNTRY, 'geo.max_speed_kmh=1000'), 401)
    assert.equal(await statusOfJourney(ANY_COUNTRY, ANY_SPEED), 201)
  },
}
