import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { OperatorError } from '../../src/core/operator-error.ts'
import type { KeyEntries } from '../../src/keys/key-entry.ts'
import { readKeyFile, readOrMakeKeyFile } from '../../src/keys/key-file.ts'
import { lockKeyFile } from '../../src/keys/key-lock.ts'
import { masterKeys } from '../../src/keys/master-keys.ts'
import {
  type KeyFileNeeds,
  keepKeys,
  needKeeping,
  overlapFor,
  retireKey,
  rotateKeys,
} from '../../src/keys/rotation.ts'
import { standings } from '../../src/keys/standing.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.UTC(2026, 10, 22)
const OVERLAP = overlapFor(3 * DAY)

describe('changes of the master keys', () => {
  let root: string
  let file: string
  let needs: KeyFileNeeds
  let now = START
  let number = 0
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'rotation-'))
  })
  beforeEach(async () => {
    number += 1
    now = START
    file = join(root, `data ${number}`, 'master.key')
    const clock = (): number => now
    needs = { file, clock, overlap: OVERLAP }
    await readOrMakeKeyFile(file, clock)
  })
  after(async () => await rm(root, { recursive: true }))

  async function entries(): Promise<KeyEntries> {
    const found = await readKeyFile(file)
    assert.ok(found)
    return found
  }

  /** The keys' states, the newest key first. */
  async function states(): Promise<string[]> {
    return standings(await entries(), now).map(({ state }) => state)
  }

  async function firstKid(): Promise<string> {
    const [{ kid }] = await entries()
    return kid
  }

  async function refused(change: () => Promise<unknown>): Promise<string> {
    const text = await readFile(file, 'utf8')
    const error: unknown = await change().catch((reason: unknown) => reason)
    assert.ok(error instanceof OperatorError, String(error))
    assert.equal(await readFile(file, 'utf8'), text, 'the file is as it was')
    return error.message
  }

  test('a new key verifies at once, is used after its delay, and the old one verifies until nothing of it can live', async () => {
    const old = await firstKid()
    const { kid, activeFrom, before: overtaken } = await rotateKeys(needs, MINUTE)
    assert.deepEqual(
      [activeFrom, overtaken],
      [now + MINUTE, { kid: old, retireAt: activeFrom + OVERLAP }],
    )
    const keys = masterKeys(await entries(), () => now)
    const view = (): string[] => [keys.current.kid, ...keys.all.map((key) => key.kid)]
    assert.deepEqual(view(), [old, old, kid])
    now = activeFrom - 1
    assert.deepEqual(view(), [old, old, kid])
    now = activeFrom
    assert.deepEqual(view(), [kid, kid, old])
    now = overtaken.retireAt - 1
    assert.equal(keys.find(old)?.kid, old)
    now = overtaken.retireAt
    assert.deepEqual([keys.find(old), ...view()], [undefined, kid, kid])
    now = START
    assert.equal(keys.current.kid, old, 'a clock that is set back finds what was then')
  })

  test('the list of keys is the same array until a key changes its state', async () => {
    const { activeFrom } = await rotateKeys(needs, MINUTE)
    const keys = masterKeys(await entries(), () => now)
    const { all } = keys
    now += 1
    assert.equal(keys.all, all)
    now = activeFrom
    assert.notEqual(keys.all, all)
  })

  test('the file keeps mode, owner and place, and nothing but a lock comes beside it', async () => {
    const link = join(root, `link ${number}`)
    await symlink(file, link)
    await rotateKeys({ ...needs, file: link }, 0)
    assert.equal((await entries()).length, 2)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(file, '..')), ['master.key'])
    await rotateKeys(needs, 0)
    assert.deepEqual(await readdir(join(file, '..')), ['master.key', 'master.key.lock'])
  })

  test('a second key is refused until the first is used', async () => {
    const { kid } = await rotateKeys(needs, MINUTE)
    assert.match(
      await refused(async () => await rotateKeys(needs, MINUTE)),
      new RegExp(`${kid}.*becomes current`, 'u'),
    )
    now += MINUTE
    await rotateKeys(needs, MINUTE)
    assert.deepEqual(await states(), ['coming', 'current', 'overlapping'])
  })

  test('of changes at the same time one is done, and the others are told to try again', async () => {
    const done = await Promise.allSettled([1, 2, 3].map(async () => await rotateKeys(needs, 0)))
    const failures = done.filter(({ status }) => status === 'rejected')
    assert.equal(failures.length, 2)
    for (const failure of failures) assert.match(JSON.stringify(failure, reasons), /try again/u)
    assert.equal((await entries()).length, 2)
  })

  test('while another process has the lock nothing is changed', async () => {
    using _lock = lockKeyFile(file)
    assert.match(
      await refused(async () => await rotateKeys(needs, 0)),
      /another process changes it just now/u,
    )
  })

  test('a file that others can read, and one that is not there, is not changed', async () => {
    await chmod(file, 0o640)
    assert.match(await refused(async () => await rotateKeys(needs, 0)), /chmod 600/u)
    await assert.rejects(rotateKeys({ ...needs, file: `${file}.none` }, 0), OperatorError)
  })

  test('keys that are retired leave the file with the next change, never the only one', async () => {
    const { before: old } = await rotateKeys(needs, 0)
    now = old.retireAt
    assert.deepEqual(await states(), ['current', 'retired'])
    await keepKeys(needs, { rotateEvery: 0, activateIn: 0 })
    assert.deepEqual(await states(), ['current'])
  })

  test('a key that is old enough gets a successor, once', async () => {
    const plan = { rotateEvery: 90 * DAY, activateIn: MINUTE }
    const isDue = async (): Promise<boolean> => needKeeping(await entries(), plan.rotateEvery, now)
    now += 90 * DAY - 1
    assert.deepEqual([await isDue(), await keepKeys(needs, plan)], [false, undefined])
    now += 1
    assert.equal(await isDue(), true)
    const rotation = await keepKeys(needs, plan)
    assert.equal(rotation?.activeFrom, now + MINUTE)
    assert.deepEqual([await isDue(), await keepKeys(needs, plan)], [false, undefined])
    assert.deepEqual(await states(), ['coming', 'current'])
  })

  test('a file never gets so many keys that it could not be read', async () => {
    for (let at = 1; at < 64; at += 1) await rotateKeys(needs, 0)
    assert.match(await refused(async () => await rotateKeys(needs, 0)), /too many master keys/u)
  })

  describe('retirement', () => {
    test('the current key is not removed but with force, which puts a fresh one in its place', async () => {
      const kid = await firstKid()
      assert.match(
        await refused(async () => await retireKey(needs, kid, { atOnce: false })),
        /is the current key/u,
      )
      const done = await retireKey(needs, kid, { atOnce: true })
      const fresh = await firstKid()
      assert.notEqual(fresh, kid)
      assert.deepEqual(done, { kid, removed: true, was: 'current', current: fresh })
      assert.deepEqual(await states(), ['current'])
    })

    test('the current key that is removed is followed by the coming one, at once', async () => {
      const { kid, before: old } = await rotateKeys(needs, HOUR)
      const done = await retireKey(needs, old.kid, { atOnce: true })
      assert.deepEqual(done, { kid: old.kid, removed: true, was: 'current', current: kid })
      assert.deepEqual(await states(), ['current'])
    })

    test('what was overtaken does not become current again', async () => {
      const { kid, before: old } = await rotateKeys(needs, 0)
      await retireKey(needs, kid, { atOnce: true })
      assert.deepEqual(await states(), ['current', 'overlapping'])
      assert.equal((await entries()).at(-1)?.kid, old.kid)
    })

    test('a coming key is taken back, and the current one has no end again', async () => {
      const { kid, before: old } = await rotateKeys(needs, HOUR)
      await retireKey(needs, kid, { atOnce: false })
      now += 400 * DAY
      assert.deepEqual([await firstKid(), ...(await states())], [old.kid, 'current'])
    })

    test('an overtaken key stays as long as something of it may live', async () => {
      const { before: old } = await rotateKeys(needs, 0)
      const asked = await retireKey(needs, old.kid, { atOnce: false })
      assert.deepEqual(asked, { kid: old.kid, removed: false, retireAt: old.retireAt })
      assert.deepEqual(await states(), ['current', 'overlapping'])
      now = old.retireAt
      const done = await retireKey(needs, old.kid, { atOnce: false })
      assert.equal(done.removed, true)
      assert.deepEqual(await states(), ['current'])
    })

    test('an overtaken key without an end gets that of its successor', async () => {
      const { before: old } = await rotateKeys(needs, HOUR)
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replaceAll(/,"retireAt":"[^"]+"/gu, ''))
      now += 400 * DAY
      assert.deepEqual(await states(), ['current', 'overlapping'])
      await retireKey(needs, old.kid, { atOnce: false })
      assert.deepEqual(await states(), ['current'])
    })

    test('a key that is not there is refused with those that are', async () => {
      const kid = await firstKid()
      assert.match(
        await refused(async () => await retireKey(needs, 'none', { atOnce: true })),
        new RegExp(kid, 'u'),
      )
    })
  })

  test('keys that are all of the future, or of the past, still have one that is current', async () => {
    const { kid } = await rotateKeys(needs, 0)
    now = START - DAY
    assert.deepEqual(await states(), ['coming', 'current'])
    const text = await readFile(file, 'utf8')
    const past = ',"retireAt":"2020-01-01T00:00:00.000Z"}'
    await writeFile(file, text.replaceAll(/(?:,"retireAt":"[^"]+")?\}/gu, past))
    assert.deepEqual(await states(), ['current', 'retired'])
    assert.equal(masterKeys(await entries(), () => now).current.kid, kid)
  })
})

/** Errors hold nothing that JSON shows. */
function reasons(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value
}
