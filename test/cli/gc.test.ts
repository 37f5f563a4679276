import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { utimes, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { layout } from '../../src/blobs/filesystem/layout.ts'
import { systemClock } from '../../src/core/clock.ts'
import { filesBelow } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { halfSent } from '../app/visits.ts'
import { RUNNING, runCli, temporaryFolder } from './cli-run.ts'
import { SAME_SITE, siteIn, statusOf, upload } from './stored-files.ts'

const DAY = 86_400_000

test('gc ends what is overdue and removes what nothing refers to; a dry run only says so', async (t) => {
  const cwd = await temporaryFolder(t)
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  await using site = await siteIn(cwd)
  const { folder } = site.config.storage.url
  await upload(site, 'a/old.txt')
  const cut = await halfSent(site, signedPut('a/cut.bin', randomBytes(1000), { prefix: '/up/' }))
  cut.socket.destroy()
  await site.logged('upload interrupted')
  const places = layout(folder)
  const [orphan, young] = [places.path('file', 'orphan'), places.path('file', 'young')]
  await writeFile(orphan, 'four')
  t.mock.timers.setTime(systemClock() + 31 * DAY)
  await upload(site, 'a/new.txt')
  await writeFile(young, 'young')
  await utimes(young, systemClock() / 1000, systemClock() / 1000)

  const before = [...(await filesBelow(folder)).keys()].toSorted()
  const dry = await runCli(['gc', '--dry-run', '--json', ...SAME_SITE], cwd, RUNNING)
  const orphans = [{ kind: 'file', key: 'orphan', size: 4 }]
  assert.deepEqual(JSON.parse(dry.out), { dryRun: true, overdue: 2, orphans, bytes: 4 })
  assert.deepEqual([...(await filesBelow(folder)).keys()].toSorted(), before)

  const real = await runCli(['gc', ...SAME_SITE], cwd, RUNNING)
  assert.equal(real.code, 0)
  assert.equal(
    real.out,
    'orphan file orphan 4\n2 overdue slots ended\n1 orphans (4 bytes) removed\n',
  )
  const left = [...(await filesBelow(folder)).keys()]
  assert.equal(left.length, 2)
  assert.ok(left.includes(young), 'bytes of the last hour may be on their way into a record')
  assert.equal(await statusOf(site, 'a/old.txt'), 404)
  assert.equal(await statusOf(site, 'a/new.txt'), 200)

  const again = await runCli(['gc', '--json', ...SAME_SITE], cwd, RUNNING)
  assert.deepEqual(JSON.parse(again.out), { dryRun: false, overdue: 0, orphans: [], bytes: 0 })
})

test('gc that is stopped says that it is not done, and removes nothing more', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  await upload(site, 'a/kept.txt')
  for (const flags of [[], ['--dry-run']]) {
    const { code, out, err } = await runCli(['gc', ...flags, ...SAME_SITE], cwd)
    assert.deepEqual([code, out, err], [1, '', 'Stopped: not all of it was looked at\n'])
  }
  assert.equal(await statusOf(site, 'a/kept.txt'), 200)
})
