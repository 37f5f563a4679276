import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { removeAged, setAside } from '../../src/observe/audit-retention.ts'
import { openAudit } from '../../src/observe/audit.ts'
import { makePipe } from './pipe.ts'
import { NOON, keptLog, sealKey } from './samples.ts'

const DAY = 86_400_000

/** Nobody is told of what is removed. */
const UNTOLD = { record: () => assert.fail('there was no chain'), flush: () => undefined }

/** A trail that a line was written to at noon. */
async function trailOfNoon(): Promise<AsyncDisposable & { folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'))
  const file = join(folder, 'audit.jsonl')
  await writeFile(file, `{"time":"${new Date(NOON).toISOString()}","event":"opened"}\n`)
  return { folder, file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

test('lines of an earlier day are put aside under the time of the first, those of today stay', async () => {
  await using trail = await trailOfNoon()
  assert.equal(await setAside(trail.file, NOON + 1000), undefined)
  assert.deepEqual(await readdir(trail.folder), ['audit.jsonl'])
  const aside = (await setAside(trail.file, NOON + DAY)) ?? assert.fail('it stayed')
  assert.match(aside, /audit\.jsonl\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/u)
  assert.match(await readFile(aside, 'utf8'), /opened/u)
  assert.equal((await readdir(trail.folder)).length, 1)
})

test('nothing is put aside where there is no file, no line, or no time', async () => {
  await using trail = await trailOfNoon()
  assert.equal(await setAside(join(trail.folder, 'none'), NOON), undefined)
  for (const text of ['', 'half a line']) {
    await writeFile(trail.file, text)
    assert.equal(await setAside(trail.file, NOON + DAY), undefined)
  }
})

test('what was put aside never takes the place of another file', async () => {
  await using trail = await trailOfNoon()
  const aside = (await setAside(trail.file, NOON + DAY)) ?? assert.fail('it stayed')
  const older = await readFile(aside, 'utf8')
  await writeFile(trail.file, `${older}${older}`)
  await assert.rejects(setAside(trail.file, NOON + DAY), { code: 'EEXIST' })
  assert.equal(await readFile(aside, 'utf8'), older)
})

test('only what was put aside is removed, and only once its last line is old enough', async () => {
  await using trail = await trailOfNoon()
  const aside = (await setAside(trail.file, NOON + DAY)) ?? assert.fail('it stayed')
  const others = [
    'audit.jsonl',
    'audit.jsonl.1',
    'audit.jsonl.2026-01-01.gz',
    'other.2026-01-01T00-00-00.000Z',
  ]
  for (const other of others) {
    await writeFile(join(trail.folder, other), '')
    await utimes(join(trail.folder, other), NOON / 1000, NOON / 1000)
  }
  await utimes(aside, NOON / 1000, NOON / 1000)
  assert.equal(await removeAged(trail.file, NOON, UNTOLD), 0)
  assert.equal(await removeAged(trail.file, NOON + 1, UNTOLD), 1)
  assert.deepEqual((await readdir(trail.folder)).toSorted(), others.toSorted())
})

test('a pipe with the name of what was put aside stays, and keeps nothing else from being removed', async () => {
  await using trail = await trailOfNoon()
  const aside = (await setAside(trail.file, NOON + DAY)) ?? assert.fail('it stayed')
  const pipe = `${trail.file}.2026-01-01T00-00-00.000Z`
  await makePipe(pipe)
  for (const path of [aside, pipe]) await utimes(path, NOON / 1000, NOON / 1000)
  assert.equal(await removeAged(trail.file, NOON + 1, UNTOLD), 1)
  assert.deepEqual(await readdir(trail.folder), [basename(pipe)])
})

test('a trail whose file was put aside goes on in a new one within a minute, and loses no line', async () => {
  await using trail = await trailOfNoon()
  let now = NOON
  const { log } = keptLog()
  await using audit = await openAudit({
    file: trail.file,
    clock: () => now,
    log,
    sealKey,
    onLost: () => assert.fail('a line was lost'),
  })
  const aside = (await setAside(trail.file, NOON + DAY)) ?? assert.fail('it stayed')
  audit.record({ event: 'published' })
  audit.flush()
  now += 60_000
  audit.record({ event: 'deleted' })
  audit.flush()
  assert.match(
    await readFile(aside, 'utf8'),
    /opened.*\n.*chain-began.*\n.*published.*\n.*chain-ended.*\n$/u,
  )
  assert.match(await readFile(trail.file, 'utf8'), /^.*chain-began.*\n.*deleted.*\n$/u)
})
