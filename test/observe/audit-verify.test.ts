import assert from 'node:assert/strict'
import { copyFile, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { headsOf } from '../../src/observe/audit-head.ts'
import { NOON } from './samples.ts'
import { type TrailFolder, linesIn, trailFolder, verified, writeLines } from './written-trail.ts'

const PER_CHAIN = 6
const HOUR = 3_600_000

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

test('of processes that ran one after another, any line that is moved is found, wherever it goes', async () => {
  await using trail = await trailFolder()
  for (let run = 0; run < 3; run += 1) {
    await using audit = await trail.open()
    for (let at = 0; at < 3; at += 1) audit.record({ event: 'opened', size: at })
  }
  const lines = await trail.lines()
  assert.deepEqual((await verified(trail.file)).faults, [])
  for (const [from, moved] of lines.entries()) {
    for (let to = 0; to < lines.length; to += 1) {
      if (to === from) continue
      await trail.write(lines.toSpliced(from, 1).toSpliced(to, 0, moved))
      const { kinds } = await verified(trail.file)
      assert.notEqual(kinds.length, 0, `line ${from + 1} as line ${to + 1}: ${moved}`)
    }
  }
})

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

test('a line without a seal is found before the first chain, too', async () => {
  await using trail = await trailFolder()
  const lines = await threeChains(trail)
  await trail.write(['{"time":"2026-11-21T12:00:00.000Z","event":"opened"}', 'half a li', ...lines])
  const { faults } = await verified(trail.file)
  assert.deepEqual(
    faults.map(({ kind, line }) => [kind, line]),
    [
      ['inserted', 1],
      ['inserted', 2],
    ],
  )
})

const PIECE = '{"time":"2026-11-22T12:00:00.000Z","event":"published","user":"rom'

test('half a line of a process that was killed is no fault, whoever writes after it', async () => {
  await using trail = await trailFolder()
  await using other = await trail.open()
  other.record({ event: 'opened' })
  other.flush()
  await using killed = await trail.open()
  killed.record({ event: 'opened' })
  killed.flush()
  await writeFile(trail.file, PIECE, { flag: 'a' })
  other.record({ event: 'published' })
  other.flush()
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual([kinds, verdict.torn, verdict.open], [[], 1, 2])
})

test('half a line is found where no process was killed, and what could be none', async () => {
  await using trail = await trailFolder()
  {
    await using closed = await trail.open()
    closed.record({ event: 'opened' })
  }
  await using killed = await trail.open()
  killed.record({ event: 'opened' })
  killed.flush()
  const lines = await trail.lines()
  const foundWith = async (at: number, piece: string): Promise<readonly string[]> => {
    await trail.write(lines.toSpliced(at, 0, piece))
    return (await verified(trail.file)).kinds
  }
  assert.deepEqual(await foundWith(lines.length, PIECE), [])
  assert.deepEqual(await foundWith(lines.length, 'hello'), ['inserted'])
  // The process went on behind it.
  for (let at = 0; at < lines.length; at += 1)
    assert.deepEqual(await foundWith(at, PIECE), ['inserted'], `before line ${at + 1}`)
  await trail.write([...lines, PIECE, PIECE])
  assert.deepEqual((await verified(trail.file)).kinds, ['inserted'])
})

test('a process that was killed within its very first line leaves no fault', async () => {
  await using trail = await trailFolder()
  const [first = ''] = await threeChains(trail)
  for (let length = 1; length < first.length - 1; length += 1) {
    await trail.write([first.slice(0, length)])
    await rm(headsOf(trail.file), { recursive: true, force: true })
    assert.deepEqual((await verified(trail.file)).kinds, [], first.slice(0, length))
  }
})

test('a process that goes on elsewhere misses its last chain, if that is gone with its head', async () => {
  await using trail = await trailFolder()
  await using audit = await trail.open()
  audit.record({ event: 'opened' })
  audit.flush()
  await rm(trail.file)
  await rm(headsOf(trail.file), { recursive: true })
  await audit.reopen()
  audit.record({ event: 'published' })
  audit.flush()
  assert.deepEqual((await verified(trail.file)).kinds, ['removed'])
})

test('a trail of which nothing is there is none that is proved', async () => {
  await using trail = await trailFolder()
  const { faults } = await verified(trail.file)
  assert.deepEqual(faults, [{ kind: 'removed', file: trail.file, text: 'there is no such file' }])
})

test('what is missing at an end is told with the file, and the last line that is there', async () => {
  await using trail = await trailFolder()
  await using audit = await trail.open()
  for (const event of ['opened', 'published'] as const) audit.record({ event })
  audit.flush()
  await trail.write((await trail.lines()).slice(0, -1))
  const { faults } = await verified(trail.file)
  assert.deepEqual(
    faults.map(({ kind, file, line }) => ({ kind, file, line })),
    [{ kind: 'truncated', file: trail.file, line: 2 }],
  )
})

test('a clock that is set back is no fault, and the times are the earliest and the latest', async () => {
  await using trail = await trailFolder()
  for (const hours of [2, 0, 1]) {
    await using audit = await trail.open(() => NOON + hours * HOUR)
    audit.record({ event: 'opened' })
  }
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual(kinds, [])
  assert.deepEqual(
    [verdict.from, verdict.until],
    ['2026-11-22T12:00:00.000Z', '2026-11-22T14:00:00.000Z'],
  )
})

/** A trail of a file that was put aside and one that is written to. */
async function rotated(trail: TrailFolder): Promise<string> {
  const aside = `${trail.file}.1`
  await using audit = await trail.open()
  audit.record({ event: 'opened' })
  audit.flush()
  await rename(trail.file, aside)
  await audit.reopen()
  audit.record({ event: 'published' })
  return aside
}

test('a file that was put aside may be compressed', async () => {
  await using trail = await trailFolder()
  const aside = await rotated(trail)
  await writeFile(`${aside}.gz`, gzipSync(await readFile(aside)))
  await rm(aside)
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual([kinds, verdict.lines], [[], 6])
})

/** Bytes of which some in the middle are others. */
function overwritten(bytes: Buffer): Buffer {
  return Buffer.from(bytes).fill(0xff, 40, 60)
}

test('a compressed file that is damaged is named, and hides nothing of the others', async () => {
  await using trail = await trailFolder()
  const aside = await rotated(trail)
  const compressed = gzipSync(await readFile(aside))
  await rm(aside)
  const lines = await trail.lines()
  await trail.write(lines.map((line) => line.replace('published', 'abandoned')))
  for (const damaged of [compressed.subarray(0, -20), overwritten(compressed)]) {
    await writeFile(`${aside}.gz`, damaged)
    const { faults, kinds } = await verified(trail.file)
    assert.equal(faults[0]?.file, `${aside}.gz`)
    assert.ok(kinds.includes('unreadable') && kinds.includes('edited'), kinds.join())
  }
})

test('lines that change places between two files are found, and so is a file that takes the place of another', async () => {
  await using trail = await trailFolder()
  const aside = await rotated(trail)
  const [one, two] = [await linesIn(aside), await trail.lines()]
  await writeLines(aside, one.with(1, two[1] ?? ''))
  await trail.write(two.with(1, one[1] ?? ''))
  assert.notDeepEqual((await verified(trail.file)).kinds, [])
  await writeLines(aside, two)
  await trail.write(two)
  assert.ok((await verified(trail.file)).kinds.includes('removed'))
})

test('a file that was copied and emptied is proved with its copy, but for lines written in between', async () => {
  await using trail = await trailFolder()
  await using audit = await trail.open()
  const write = (): void => {
    audit.record({ event: 'opened' })
    audit.flush()
  }
  write()
  await copyFile(trail.file, `${trail.file}.1`)
  await truncate(trail.file)
  write()
  assert.deepEqual((await verified(trail.file)).kinds, [])
  await copyFile(trail.file, `${trail.file}.2`)
  write()
  await truncate(trail.file)
  write()
  assert.deepEqual((await verified(trail.file)).kinds, ['removed'])
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
