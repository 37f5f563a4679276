import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { readKeyFile, readOrMakeKeyFile } from '../../src/keys/key-file.ts'
import { parsed } from '../app/site.ts'
import { type Outcome, runCli, temporaryFolder } from './cli-run.ts'

const MINUTE = 60_000
const HOURS_72 = 72 * 60 * MINUTE

interface Place {
  readonly file: string
  readonly kid: string
  readonly keys: (...args: readonly string[]) => Promise<Outcome>
}

/** A folder with one master key. */
async function place(t: TestContext): Promise<Place> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  const cwd = await temporaryFolder(t)
  const file = join(cwd, 'data', 'master.key')
  const [{ kid }] = await readOrMakeKeyFile(file, systemClock)
  return { file, kid, keys: async (...args) => await runCli(['keys', ...args], cwd) }
}

function text(instant: number): string {
  return new Date(instant).toISOString()
}

test('keys list names every key with its state, and shows none', async (t) => {
  const { file, kid, keys } = await place(t)
  const made = systemClock()
  const { out } = await keys('rotate', '--json')
  const { kid: fresh } = parsed(out)
  const listed = await keys('list', '--json')
  const retireAt = text(made + MINUTE + HOURS_72 + MINUTE)
  const [createdAt, activeFrom] = [text(made), text(made + MINUTE)]
  assert.deepEqual(listed.out.trim().split('\n').map(parsed), [
    { kid: fresh, state: 'coming', createdAt, activeFrom },
    { kid, state: 'current', createdAt, activeFrom: createdAt, retireAt },
  ])
  const shown = await keys('list')
  assert.match(
    shown.out,
    new RegExp(`^${String(fresh)} .*coming, current from ${activeFrom}\n`, 'u'),
  )
  for (const { key } of (await readKeyFile(file)) ?? []) {
    assert.ok(!(shown.out + listed.out + out).includes(key.toString('base64url')))
  }
})

test('keys rotate says from when on the new key is used, and how long the old one is good', async (t) => {
  const { kid, keys } = await place(t)
  const now = systemClock()
  const { code, out } = await keys('rotate', '--activate-in', '2h')
  assert.equal(code, 0)
  assert.ok(out.includes(`used from ${text(now + 120 * MINUTE)}`), out)
  assert.ok(
    out.includes(`${kid} is good until ${text(now + 120 * MINUTE + HOURS_72 + MINUTE)}`),
    out,
  )
  const again = await keys('rotate')
  assert.equal(again.code, 1)
  assert.match(again.err, /is there already and becomes current at/u)
})

test('keys retire leaves what is in use, and with --now removes it and says what that means', async (t) => {
  const { kid, keys } = await place(t)
  const refused = await keys('retire', kid)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /is the current key/u)
  await keys('rotate', '--activate-in', '0')
  const kept = await keys('retire', kid)
  assert.equal(kept.code, 0)
  assert.match(kept.out, /stays until .*--now ends those sessions/u)
  const done = await keys('retire', kid, '--now')
  assert.equal(done.code, 0)
  assert.match(done.out, /is removed\. Sessions whose key comes from it have ended/u)
  const unknown = await keys('retire', kid)
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /There is no master key/u)
})

test('keys takes no nonsense', async (t) => {
  const { file, keys } = await place(t)
  const nonsense: readonly (readonly string[])[] = [
    [],
    ['remove'],
    ['list', 'all'],
    ['retire'],
    ['retire', 'one', 'two'],
    ['rotate', '--now'],
    ['list', '--activate-in', '1m'],
    ['rotate', '--activate-in', 'soon'],
  ]
  for (const args of nonsense) assert.equal((await keys(...args)).code, 2, args.join(' '))
  assert.equal((await readKeyFile(file))?.length, 1)
})

test('keys of a server that was never started are refused with when they are made', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['keys', 'list'], cwd)
  assert.equal(code, 1)
  assert.match(err, /is made at the first start/u)
})

test('check shows the state of the keys', async (t) => {
  const { file, kid, keys } = await place(t)
  await keys('rotate')
  const { out } = await runCli(['check', '--json'], join(file, '..', '..'))
  const notes: unknown = parsed(out)['notes']
  assert.ok(Array.isArray(notes))
  assert.ok(
    notes.some((note) => String(note).includes(`${kid}, current`)),
    String(notes),
  )
})
