/** What tells how far the chains of an audit trail got, where the system does not let us read it. */
import assert from 'node:assert/strict'
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { headsOf } from '../../src/observe/audit-head.ts'
import { makePipe } from './pipe.ts'
import { NOON, keptLog } from './samples.ts'
import { type TrailFolder, trailFolder, verified } from './written-trail.ts'

/** Ways to make a head that even root cannot read, with the code and the beginning of the reason. */
const UNREADABLE = {
  'a folder': {
    make: async (path: string) => await mkdir(path),
    reason: { code: 'NOT_A_FILE', text: 'it is not a file' },
  },
  'a pipe that nobody writes to': {
    make: makePipe,
    reason: { code: 'NOT_A_FILE', text: 'it is not a file' },
  },
  'a device without an end': {
    make: async (path: string) => await symlink('/dev/zero', path),
    reason: { code: 'NOT_A_FILE', text: 'it is not a file' },
  },
  'a link to itself': {
    make: async (path: string) => await symlink(path, path),
    reason: { code: 'ELOOP', text: 'ELOOP: ' },
  },
} as const

const NO_CHAIN = 'ABCDEFGHIJKL'

/** Writes a chain of three lines or more that is closed. */
async function written(trail: TrailFolder): Promise<void> {
  await using audit = await trail.open()
  audit.record({ event: 'opened' })
}

for (const [what, { make, reason }] of Object.entries(UNREADABLE)) {
  test(`a server that begins a chain names all others and logs a head that it cannot read (${what})`, async () => {
    await using trail = await trailFolder()
    await written(trail)
    const [known = ''] = await readdir(headsOf(trail.file))
    await make(join(headsOf(trail.file), NO_CHAIN))
    const { log, written: logged } = keptLog()
    {
      await using audit = await trail.open(() => NOON, log)
      audit.record({ event: 'opened' })
    }
    const began = (await trail.lines()).findLast((line) => line.includes('"chain-began"'))
    assert.match(began ?? '', new RegExp(`"after":"${known}:3"`, 'u'))
    const [line = '{}'] = logged().split('\n')
    const { level, err } = Object(JSON.parse(line))
    assert.deepEqual([level, err?.code], ['error', reason.code])
  })

  test(`a head that cannot be read is named with its reason, and hides nothing of other chains (${what})`, async () => {
    await using trail = await trailFolder()
    await written(trail)
    await written(trail)
    await trail.write((await trail.lines()).slice(0, -1))
    const unread = join(headsOf(trail.file), NO_CHAIN)
    await make(unread)
    const { faults } = await verified(trail.file)
    assert.deepEqual(
      faults.map(({ kind, file, line, chain }) => [kind, chain === NO_CHAIN, file, line]),
      [
        ['unreadable', true, unread, undefined],
        ['truncated', false, trail.file, 5],
      ],
    )
    assert.match(faults[0]?.text ?? '', new RegExp(`^it cannot be read: ${reason.text}`, 'u'))
  })

  test(`a chain whose head cannot be read is no other fault as well, but for lines that a later one names (${what})`, async () => {
    await using trail = await trailFolder()
    await written(trail)
    const [first = ''] = await readdir(headsOf(trail.file))
    await written(trail)
    const lines = await trail.lines()
    await rm(join(headsOf(trail.file), first))
    await make(join(headsOf(trail.file), first))
    assert.deepEqual((await verified(trail.file)).kinds, ['unreadable'])
    await trail.write(lines.toSpliced(2, 1))
    assert.deepEqual((await verified(trail.file)).kinds, ['unreadable', 'truncated'])
  })
}

test('a chain that is not there is missed although the folder of the heads cannot be read', async () => {
  await using trail = await trailFolder()
  await written(trail)
  await written(trail)
  await trail.write((await trail.lines()).slice(3))
  await rm(headsOf(trail.file), { recursive: true })
  await writeFile(headsOf(trail.file), 'no folder')
  assert.deepEqual((await verified(trail.file)).kinds, ['unreadable', 'removed'])
})
