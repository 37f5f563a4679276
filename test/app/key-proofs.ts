/** What the options of `[keys]` change. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { KeyEntries } from '../../src/keys/key-entry.ts'
import { readKeyFile } from '../../src/keys/key-file.ts'
import { startSite, temporaryFolder } from './site.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The keys of a site that is started again after so long. */
async function keysAfter(
  t: TestContext,
  length: number,
  flags: readonly string[],
): Promise<KeyEntries> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  try {
    await using home = await temporaryFolder()
    const folder = home.path
    await using before = await startSite(flags, { folder })
    await before.server.shutdown()
    t.mock.timers.setTime(systemClock() + length)
    await using site = await startSite(flags, { folder })
    const entries = await readKeyFile(site.config.security.masterKey)
    assert.ok(entries)
    return entries
  } finally {
    t.mock.timers.reset()
  }
}

export const KEY_PROOFS: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
  'keys.rotate_every': async (t) => {
    assert.equal((await keysAfter(t, DAY, ['keys.rotate_every=1d'])).length, 2)
    assert.equal((await keysAfter(t, DAY / 2, ['keys.rotate_every=1d'])).length, 1)
    assert.equal((await keysAfter(t, 400 * DAY, ['keys.rotate_every=0'])).length, 1)
  },
  'keys.activation_delay': async (t) => {
    for (const hours of [0, 2]) {
      const flags = ['keys.rotate_every=1d', `keys.activation_delay=${hours}h`]
      const [{ createdAt, activeFrom }] = await keysAfter(t, DAY, flags)
      assert.equal(activeFrom - createdAt, hours * HOUR)
    }
  },
}
