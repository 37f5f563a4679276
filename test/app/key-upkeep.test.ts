import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type KeyUpkeepNeeds, startKeyUpkeep } from '../../src/app/key-upkeep.ts'
import { systemClock } from '../../src/core/clock.ts'
import { openKeyRing } from '../../src/keys/key-ring.ts'
import { keptLog } from '../observe/samples.ts'
import { configOf, eventually, temporaryFolder } from './site.ts'

const DAY = 86_400_000
const MINUTE = 60_000

interface Upkeep extends AsyncDisposable {
  readonly ring: KeyUpkeepNeeds['ring']
  readonly file: string
  readonly written: () => string
  now: number
}

const QUIET = { added: () => {}, removed: () => {}, refused: () => {} }

/** Upkeep of a fresh key that gets a successor after a day, at once. */
async function upkeep(t: TestContext, stores: KeyUpkeepNeeds['stores'] = {}): Promise<Upkeep> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const config = configOf(folder.path, ['keys.rotate_every=1d', 'keys.activation_delay=0'])
  const file = config.security.masterKey
  const { log, written } = keptLog()
  const state = { now: systemClock() }
  const clock = (): number => state.now
  const ring = opened.use(await openKeyRing({ file, clock, events: QUIET }))
  t.mock.timers.enable({ apis: ['setInterval'] })
  opened.use(await startKeyUpkeep({ ring, stores, config: () => config, clock, log }))
  const kept = opened.move()
  return {
    ring,
    file,
    written,
    get now() {
      return state.now
    },
    set now(value) {
      state.now = value
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

test('a key that is a day old gets a successor, and leaves when nothing of it can live', async (t) => {
  await using u = await upkeep(t)
  const { kid } = u.ring.current
  u.now += DAY
  t.mock.timers.tick(MINUTE)
  await eventually(async () => u.ring.entries.length === 2)
  assert.notEqual(u.ring.current.kid, kid)
  u.now = u.ring.entries[1]?.retireAt ?? 0
  t.mock.timers.tick(MINUTE)
  await eventually(async () => u.ring.entries.every((entry) => entry.kid !== kid))
})

test('a file that cannot be changed is told of once, and the keys go on', async (t) => {
  let runs = 0
  const exchangeMasterKeyName = async (kid: string): Promise<string> => {
    runs += 1
    return kid
  }
  await using u = await upkeep(t, { exchangeMasterKeyName })
  const { kid } = u.ring.current
  await chmod(join(u.file), 0o644)
  u.now += DAY
  await eventually(async () => {
    t.mock.timers.tick(MINUTE)
    return runs > 3
  })
  await chmod(u.file, 0o600)
  await eventually(async () => {
    t.mock.timers.tick(MINUTE)
    return u.ring.current.kid !== kid
  })
  assert.equal(u.written().split('master keys cannot be changed').length, 2)
})

test('another server whose key is not known here is told of once', async (t) => {
  const told: string[] = []
  const exchangeMasterKeyName = async (kid: string): Promise<string> => {
    told.push(kid)
    return told.length < 2 ? kid : 'stranger'
  }
  await using u = await upkeep(t, { exchangeMasterKeyName })
  assert.equal(u.written(), '')
  await eventually(async () => {
    t.mock.timers.tick(MINUTE)
    return told.length === 4
  })
  assert.deepEqual(new Set(told), new Set([u.ring.current.kid]))
  assert.equal(u.written().split('another server with these records').length, 2)
})
