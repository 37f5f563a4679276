import assert from 'node:assert/strict'
import { readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { headsOf } from '../../src/observe/audit-head.ts'
import { type TrailFolder, trailFolder, verified } from './written-trail.ts'

const PER_CHAIN = 6

/** Two processes write in turns, one of them restarts; each line is a turn of its own. */
async function threeChains(trail: TrailFolder): Promise<string[]> {
  const [one, two] = [await trail.open(), await trail.open()]
  for (let at = 0; at < PER_CHAIN; at += 1) {
    one.record({ event: 'opened', size: at })
    one.flush()
    two.record({ event: 'published', user: `jüliet${at}@capulet.example` })
    two.record({ event: 'deleted', size: at })
    two.flush()
  }
  await one[Symbol.asyncDispose]()
  {
    await using again = await trail.open()
    again.record({ event: 'opened', size: 99 })
  }
  await two[Symbol.asyncDispose]()
  return await trail.lines()
}

test('what servers wrote is proved, with its counts and times', async () => {
  await using trail = await trailFolder()
  const lines = await threeChains(trail)
  const { verdict, faults } = await verified(trail.file)
  assert.deepEqual(faults, [])
  assert.equal(verdict.lines, lines.length)
  assert.deepEqual([verdict.chains, verdict.open, verdict.torn, verdict.lost], [3, 0, 0, 0])
  assert.deepEqual(
    [verdict.from, verdict.until],
    ['2026-11-22T12:00:00.000Z', '2026-11-22T12:00:00.000Z'],
  )
})

/** One change of a line, each a way to lie. */
const CHANGES: Readonly<Record<string, (lines: readonly string[], at: number) => string[]>> = {
  removed: (lines, at) => lines.toSpliced(at, 1),
  'swapped with the next': (lines, at) =>
    lines.toSpliced(at, 2, ...lines.slice(at, at + 2).toReversed()),
  'written twice': (lines, at) => lines.toSpliced(at, 0, lines[at] ?? ''),
  'written again at the end': (lines, at) => [...lines, lines[at] ?? ''],
  'given another time': (lines, at) => changed(lines, at, (line) => line.replace('12:00', '13:00')),
  'made one without a seal': (lines, at) =>
    changed(lines, at, (line) => line.replace(/,"chain".*$/u, '}')),
  'made half a line': (lines, at) => changed(lines, at, (line) => line.slice(0, line.length / 2)),
  'followed by one that nobody sealed': (lines, at) =>
    lines.toSpliced(at + 1, 0, '{"time":"2026-11-22T12:00:00.000Z","event":"opened"}'),
}

function changed(lines: readonly string[], at: number, change: (line: string) => string): string[] {
  return lines.with(at, change(lines[at] ?? ''))
}

for (const [name, change] of Object.entries(CHANGES)) {
  test(`any line that is ${name} is found`, async () => {
    await using trail = await trailFolder()
    const lines = await threeChains(trail)
    for (const at of lines.keys()) {
      const now = change(lines, at)
      // Of two chains that have nothing to do with each other the order is not proved, and no lie.
      if (now.join() === lines.join() || (name.startsWith('swapped') && !areOfOne(lines, at)))
        continue
      await trail.write(now)
      const { kinds } = await verified(trail.file)
      assert.notEqual(kinds.length, 0, `line ${at + 1}: ${lines[at]}`)
    }
  })
}

/** Whether a line and the next one are of the same chain. */
function areOfOne(lines: readonly string[], at: number): boolean {
  const [one, next] = lines.slice(at, at + 2).map((line) => /"chain":"([^"]+)"/u.exec(line)?.[1])
  return one === next
}

/** Bits between those that are flipped: each place of a bit comes up, in a ninth of the time. */
const STEP = 9

test('a bit that is flipped is found, in the lines and in the heads', async () => {
  await using trail = await trailFolder()
  {
    await using audit = await trail.open()
    audit.record({ event: 'published', user: 'jüliet@capulet.example' })
  }
  const [head = ''] = await readdir(headsOf(trail.file))
  for (const file of [trail.file, join(headsOf(trail.file), head)]) {
    const bytes = await readFile(file)
    for (let bit = 0; bit < bytes.length * 8; bit += STEP) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8((flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3)
      await writeFile(file, flipped)
      const { kinds } = await verified(trail.file)
      assert.notEqual(kinds.length, 0, `bit ${bit}: ${flipped.toString()}`)
    }
    await writeFile(file, bytes)
  }
  assert.deepEqual((await verified(trail.file)).kinds, [])
})

test('the last lines cannot be taken away, after a crash either', async () => {
  await using trail = await trailFolder()
  await using audit = await trail.open()
  for (const event of ['opened', 'published', 'deleted'] as const) {
    audit.record({ event })
    audit.flush()
  }
  const lines = await trail.lines()
  assert.deepEqual((await verified(trail.file)).kinds, [])
  for (let left = 1; left < lines.length; left += 1) {
    await trail.write(lines.slice(0, left))
    assert.deepEqual((await verified(trail.file)).kinds, ['truncated'])
  }
  await truncate(trail.file)
  assert.deepEqual((await verified(trail.file)).kinds, ['removed'])
})

test('a chain is missed whose lines and head are both taken away', async () => {
  await using trail = await trailFolder()
  const lines = await threeChains(trail)
  const [first = ''] = lines
  const chain = /"chain":"([^"]+)"/u.exec(first)?.[1] ?? ''
  await trail.write(lines.filter((line) => !line.includes(`"chain":"${chain}"`)))
  await rm(join(headsOf(trail.file), chain))
  assert.deepEqual((await verified(trail.file)).kinds, ['removed'])
})

test('a chain without its head is no whole one', async () => {
  await using trail = await trailFolder()
  await threeChains(trail)
  await rm(headsOf(trail.file), { recursive: true })
  assert.deepEqual((await verified(trail.file)).kinds, ['no-head', 'no-head', 'no-head'])
})

test('an older head does not hide that lines are gone from a chain that went on', async () => {
  await using trail = await trailFolder()
  const lines = await threeChains(trail)
  const heads = await readdir(headsOf(trail.file))
  for (const head of heads)
    await writeFile(join(headsOf(trail.file), head), `${'3'.padStart(15, '0')} ${'x'.repeat(21)}\n`)
  await trail.write(lines)
  assert.deepEqual((await verified(trail.file)).kinds, ['no-head', 'no-head', 'no-head'])
})

test('a chain whose master key is not there proves nothing, and that is said once', async () => {
  await using trail = await trailFolder()
  await threeChains(trail)
  const { kinds } = await verified(trail.file, { kids: [] })
  assert.deepEqual(kinds.filter((kind) => kind === 'unknown-key').length, 3)
})

test('lines from the time before chains are counted, and no fault', async () => {
  await using trail = await trailFolder()
  await trail.write(['{"time":"2026-11-21T12:00:00.000Z","event":"opened"}', 'half a li'])
  await threeChains(trail)
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual([kinds, verdict.unchained], [[], 2])
})

test('half a line of a process that was killed is no fault, whoever writes after it', async () => {
  await using trail = await trailFolder()
  const other = await trail.open()
  other.record({ event: 'opened' })
  other.flush()
  await using killed = await trail.open()
  killed.record({ event: 'opened' })
  killed.flush()
  const torn = (await trail.lines()).at(-1)?.slice(0, 40) ?? ''
  await writeFile(trail.file, torn, { flag: 'a' })
  other.record({ event: 'published' })
  await other[Symbol.asyncDispose]()
  await writeFile(trail.file, torn, { flag: 'a' })
  {
    await using next = await trail.open()
    next.record({ event: 'opened' })
  }
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual([verdict.torn, verdict.open], [2, 1])
  // Two pieces, but one process was killed: the other piece is somebody else's.
  assert.deepEqual(kinds, ['inserted'])
})

test('a log rotation leaves a trail that is proved, and so is each of its files', async () => {
  await using trail = await trailFolder()
  await using audit = await trail.open()
  for (const name of ['2', '1']) {
    audit.record({ event: 'opened' })
    audit.flush()
    await rename(trail.file, `${trail.file}.${name}`)
    audit.record({ event: 'published' })
    await audit.reopen()
  }
  audit.record({ event: 'deleted' })
  audit.flush()
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual([kinds, verdict.files.length, verdict.chains], [[], 3, 3])
  const single = await verified(trail.file, { files: [`${trail.file}.2`] })
  assert.deepEqual([single.kinds, single.verdict.lines], [[], 4])

  await rm(`${trail.file}.2`)
  assert.deepEqual((await verified(trail.file)).kinds, ['removed'])
  const partial = await verified(trail.file, { isPartial: true })
  assert.deepEqual([partial.kinds, partial.verdict.absent], [[], 1])
})

test('a trail is proved while lines are written to it', async () => {
  await using trail = await trailFolder()
  await using audit = await trail.open()
  let isOver = false
  const write = (): void => {
    if (isOver) return
    for (let times = 0; times < 20; times += 1) audit.record({ event: 'opened' })
    setImmediate(write)
  }
  write()
  for (let times = 0; times < 20; times += 1)
    assert.deepEqual((await verified(trail.file)).kinds, [])
  isOver = true
})
