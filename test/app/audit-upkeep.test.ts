import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAuditUpkeep } from '../../src/app/audit-upkeep.ts'
import { openAudit } from '../../src/observe/audit.ts'
import { NOON, keptLog, sealKey } from '../observe/samples.ts'
import { verified } from '../observe/written-trail.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

test('a trail that was silent for longer than its retention loses no line that comes after', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'audit-upkeep-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'audit.jsonl')
  await writeFile(file, `{"time":"${new Date(NOON).toISOString()}","event":"opened"}\n`)
  await utimes(file, NOON / 1000, NOON / 1000)
  let now = NOON + 7 * DAY
  const clock = (): number => now
  const { log } = keptLog()
  await using audit = await openAudit({
    file,
    clock,
    log,
    sealKey,
    onLost: () => assert.fail('a line was lost'),
  })
  const run = async (): Promise<void> => {
    await using _upkeep = startAuditUpkeep({ file, retention: 2 * DAY, log, clock, trail: audit })
    await new Promise(setImmediate)
  }

  await run()
  const [aside = assert.fail('the old lines are gone at once')] = await asideOf(folder)
  audit.record({ event: 'published' })
  audit.flush()
  assert.match(
    await readFile(join(folder, aside), 'utf8'),
    /opened.*\n.*began.*\n.*published.*\n$/u,
  )

  await utimes(join(folder, aside), NOON / 1000, NOON / 1000)
  now += HOUR
  await run()
  assert.deepEqual(await asideOf(folder), [])
  audit.record({ event: 'deleted' })
  audit.flush()
  assert.match(await readFile(file, 'utf8'), /^.*began.*\n.*chain-removed.*\n.*deleted.*\n$/u)
  const { kinds, verdict } = await verified(file)
  assert.deepEqual([kinds, verdict.retired, verdict.chains], [[], 1, 1])
})

/** What was put aside. */
async function asideOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^audit\.jsonl\.\d/u.test(name))
}
