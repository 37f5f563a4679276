import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import { OperatorError } from '../../src/core/operator-error.ts'
import type { RiskEvents } from '../../src/risk/events.ts'
import { openPlaces } from '../../src/risk/places.ts'
import { COUNTRY_DATABASE } from './country-database.ts'
import { type MmdbMap, mmdbOf } from './mmdb-writer.ts'

const BERLIN = {
  country: { iso_code: 'DE' },
  location: { latitude: 52.52, longitude: 13.4, accuracy_radius: 20n },
}
const IN_BERLIN = { country: 'DE', latitude: 52.52, longitude: 13.4, accuracy: 20 }
const CITIES = mmdbOf({ '192.0.2.0/24': BERLIN, '2001:db8::/48': { country: { iso_code: 'PT' } } })
const SYSTEMS = mmdbOf({ '192.0.2.0/25': { autonomous_system_number: 64_496n } })

const IGNORED: RiskEvents = { placesReloaded() {}, placesRefused() {} }

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'places-'))
  t.after(async () => await rm(folder, { recursive: true }))
  return folder
}

async function databaseFile(t: TestContext, content: Buffer): Promise<string> {
  const file = join(await temporaryFolder(t), 'database.mmdb')
  await writeFile(file, content)
  return file
}

/** Events one after the other, as they come. */
function eventQueue(): RiskEvents & { next(): Promise<unknown>; waiting(): number } {
  const waiting: PromiseWithResolvers<unknown>[] = [Promise.withResolvers()]
  let read = 0
  const push = (event: unknown): void => {
    waiting.at(-1)?.resolve(event)
    waiting.push(Promise.withResolvers())
  }
  return {
    placesReloaded: () => push('reloaded'),
    placesRefused: (_, error) => push(error),
    next: async () => await waiting[read++]?.promise,
    waiting: () => waiting.length - 1 - read,
  }
}

test('countries of IPv4 and IPv6 addresses come out of a real database', async () => {
  await using places = await openPlaces({ cityDatabase: COUNTRY_DATABASE }, IGNORED)
  assert.deepEqual(places.find('193.99.144.80'), { country: 'DE' })
  assert.deepEqual(places.find('8.8.8.8'), { country: 'US' })
  assert.deepEqual(places.find('2a01:4f8::1'), { country: 'DE' })
  assert.equal(places.find('127.0.0.1'), undefined)
})

test('what both databases say of an address is put together', async (t) => {
  const files = {
    asnDatabase: await databaseFile(t, SYSTEMS),
    cityDatabase: await databaseFile(t, CITIES),
  }
  await using places = await openPlaces(files, IGNORED)
  assert.deepEqual(places.find('192.0.2.1'), { ...IN_BERLIN, asn: 64_496 })
  assert.deepEqual(places.find('192.0.2.200'), IN_BERLIN)
  assert.deepEqual(places.find('2001:db8::1'), { country: 'PT' })
  assert.equal(places.find('198.51.100.1'), undefined)
})

test('a real database of countries alone states no class of a network, not even of a data centre', async () => {
  await using places = await openPlaces({ cityDatabase: COUNTRY_DATABASE }, IGNORED)
  for (const address of ['193.99.144.80', '8.8.8.8', '2a01:4f8::1']) {
    assert.deepEqual(Object.keys(places.find(address) ?? {}), ['country'])
  }
})

/** The class of a network that two databases know. */
async function classOf(t: TestContext, asn: MmdbMap, city: MmdbMap): Promise<string | undefined> {
  const [asnDatabase, cityDatabase] = [
    await databaseFile(t, mmdbOf({ '192.0.2.0/24': asn })),
    await databaseFile(t, mmdbOf({ '192.0.2.0/24': city })),
  ]
  await using places = await openPlaces({ asnDatabase, cityDatabase }, IGNORED)
  const [first, again] = ['192.0.2.1', '192.0.2.2'].map((address) => places.find(address))
  assert.deepEqual(first, again)
  return first?.networkClass
}

const NAMED_HOST = { autonomous_system_organization: 'Example Hosting Ltd' }
const STATED_MOBILE = { traits: { connection_type: 'Cellular' } }

test('the class of a network is what a database states, before what the name of its system suggests', async (t) => {
  assert.equal(await classOf(t, NAMED_HOST, BERLIN), 'hosting')
  assert.equal(await classOf(t, NAMED_HOST, STATED_MOBILE), 'mobile')
  assert.equal(await classOf(t, STATED_MOBILE, NAMED_HOST), 'mobile')
  assert.equal(await classOf(t, { autonomous_system_number: 64_496n }, BERLIN), undefined)
})

test('what is only suggested is not told as a suggestion', async (t) => {
  const asnDatabase = await databaseFile(t, mmdbOf({ '192.0.2.0/24': NAMED_HOST }))
  await using places = await openPlaces({ asnDatabase }, IGNORED)
  assert.deepEqual(places.find('192.0.2.1'), { networkClass: 'hosting' })
})

test('a network is where its first address is', async (t) => {
  await using places = await openPlaces({ cityDatabase: await databaseFile(t, CITIES) }, IGNORED)
  assert.deepEqual(places.find('192.0.2.0/24'), IN_BERLIN)
  assert.deepEqual(places.find('2001:db8::/56'), { country: 'PT' })
})

test('a text that is no address is nowhere, and without databases every address is', async (t) => {
  await using places = await openPlaces({ cityDatabase: await databaseFile(t, CITIES) }, IGNORED)
  for (const text of ['', 'unix', '192.0.2', 'n:c8a1f0', '/24']) {
    assert.equal(places.find(text), undefined)
  }
  await using nowhere = await openPlaces({}, IGNORED)
  assert.equal(nowhere.find('192.0.2.1'), undefined)
})

test('an IPv6 address is not looked for in a database of IPv4, where its first bits are an IPv4 address', async (t) => {
  const database = mmdbOf({ '32.1.13.0/24': BERLIN }, { ipVersion: 4 })
  await using places = await openPlaces({ cityDatabase: await databaseFile(t, database) }, IGNORED)
  assert.deepEqual(places.find('32.1.13.184'), IN_BERLIN)
  assert.equal(places.find('2001:db8::1'), undefined)
})

for (const [what, content] of [
  ['no database at all', Buffer.from('{ "country": "DE" }')],
  ['a database that is cut off at its end', CITIES.subarray(0, -80)],
  ['a database that is cut off at its start', CITIES.subarray(-160)],
  ['an empty file', Buffer.alloc(0)],
] as const) {
  test(`${what} stops the start with its name`, async (t) => {
    const file = await databaseFile(t, content)
    await assert.rejects(openPlaces({ cityDatabase: file }, IGNORED), (error) => {
      assert.ok(error instanceof OperatorError)
      assert.ok(error.message.includes(file))
      return true
    })
  })
}

test('a database that is not there stops the start', async (t) => {
  const file = join(await temporaryFolder(t), 'none.mmdb')
  await assert.rejects(
    openPlaces({ asnDatabase: file }, IGNORED),
    /none\.mmdb cannot be used.*ENOENT/u,
  )
})

test('a database that takes the place of another is used; a damaged one is reported, and the old one goes on', async (t) => {
  const file = await databaseFile(t, CITIES)
  const events = eventQueue()
  await using places = await openPlaces({ cityDatabase: file }, events)
  const replaceBy = async (content: Buffer): Promise<void> => {
    await writeFile(`${file}.new`, content)
    await rename(`${file}.new`, file)
  }

  await replaceBy(mmdbOf({ '192.0.2.0/24': { country: { iso_code: 'FR' } } }))
  assert.equal(await events.next(), 'reloaded')
  assert.deepEqual(places.find('192.0.2.1'), { country: 'FR' })

  await replaceBy(CITIES.subarray(0, -80))
  assert.ok((await events.next()) instanceof OperatorError)
  assert.deepEqual(places.find('192.0.2.1'), { country: 'FR' })

  await replaceBy(CITIES)
  assert.equal(await events.next(), 'reloaded')
  assert.deepEqual(places.find('192.0.2.1'), IN_BERLIN)
})

test('a database behind a link is followed when the link leads elsewhere', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'old'), CITIES)
  await writeFile(join(folder, 'new'), mmdbOf({ '192.0.2.0/24': { country: { iso_code: 'FR' } } }))
  const file = join(folder, 'current.mmdb')
  await symlink('old', file)
  const events = eventQueue()
  await using places = await openPlaces({ cityDatabase: file }, events)
  await unlink(file)
  await symlink('new', file)
  assert.equal(await events.next(), 'reloaded')
  assert.deepEqual(places.find('192.0.2.1'), { country: 'FR' })
})

test('a database that turns out to be damaged is reported once, and knows the rest', async (t) => {
  const damaged = Buffer.from(CITIES)
  const record = damaged.indexOf('iso_code')
  // The first record's key becomes of a type that does not exist.
  damaged.fill(0, record - 1, record + 8)
  const events = eventQueue()
  await using places = await openPlaces({ cityDatabase: await databaseFile(t, damaged) }, events)
  for (const address of ['192.0.2.1', '192.0.2.2']) assert.equal(places.find(address), undefined)
  assert.deepEqual(places.find('2001:db8::1'), { country: 'PT' })
  assert.ok((await events.next()) instanceof Error)
  assert.equal(events.waiting(), 0)
})

test('whatever is wrong with a database, it is refused or answers, and never breaks a request', async (t) => {
  const file = await databaseFile(t, CITIES)
  const byte = fc.nat({ max: CITIES.length - 1 })
  const change = fc.tuple(byte, fc.nat({ max: 255 }))
  await fc.assert(
    fc.asyncProperty(byte, fc.array(change, { maxLength: 4 }), async (cut, changes) => {
      const damaged = Buffer.from(CITIES)
      for (const [at, value] of changes) damaged[at] = value
      await writeFile(file, changes.length === 0 ? damaged.subarray(cut) : damaged)
      try {
        await using places = await openPlaces({ cityDatabase: file }, IGNORED)
        places.find('192.0.2.1')
        places.find('2001:db8::1')
      } catch (error) {
        assert.ok(error instanceof OperatorError, String(error))
      }
    }),
    { numRuns: 300 },
  )
})
