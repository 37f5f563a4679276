import assert from 'node:assert/strict'
import test from 'node:test'
import type { TransferTeller } from '../../src/cli/transfer-news.ts'
import { transferNotes } from '../../src/cli/transfer-notes.ts'
import { transferTeller } from '../../src/cli/transfer-teller.ts'
import { UploadError } from '../../src/client/upload-error.ts'
import { ioIn } from './cli-run.ts'
import { report } from './put-run.ts'

const SIZE = 20_000_000
const LOST = { kind: 'lost', reason: new Error('read ECONNRESET') } as const

interface Noted {
  readonly teller: TransferTeller
  /** Takes the notes since the last call. */
  readonly told: () => readonly string[]
  readonly clock: { now: number }
  readonly at: (stored: number, sent?: number) => void
}

function noted(name = 'cat.mp4', json = false): Noted {
  const clock = { now: 0 }
  let written = ''
  const stderr = { write: (text: string) => (written += text) }
  const teller = transferNotes(name, { stderr, json }, () => clock.now)
  return {
    teller,
    clock,
    told() {
      const lines = written.split('\n').slice(0, -1)
      written = ''
      return lines
    },
    at: (stored, sent = stored) => teller.onProgress({ sent, stored, size: SIZE }),
  }
}

test('a transfer to which nothing happens has no notes', () => {
  const { teller, told, at } = noted()
  teller.onEvent({ kind: 'face', face: 'rufh' })
  for (let sent = 0; sent <= SIZE; sent += 1_000_000) {
    teller.onEvent({ kind: 'sent', offset: sent })
    teller.onEvent({ kind: 'stands', offset: sent })
    at(sent)
  }
  teller.onEvent({ kind: 'published', url: 'https://files.example/cat.mp4' })
  teller[Symbol.dispose]()
  assert.deepEqual(told(), [])
})

test('the first loss is told at once, with its reason and the offset; that it goes on as well', () => {
  const { teller, told, at, clock } = noted()
  at(1_500_000, 2_000_000)
  teller.onEvent(LOST)
  assert.deepEqual(told(), [
    'cat.mp4: interrupted at 1.5 MB of 20.0 MB (connection lost: read ECONNRESET); trying again',
  ])
  clock.now += 3000
  teller.onEvent(LOST)
  teller.onEvent({ kind: 'waiting', wait: 100 })
  assert.deepEqual(told(), [], 'the same was told a moment ago')
  clock.now += 4000
  teller.onEvent({ kind: 'stands', offset: 1_600_000 })
  assert.deepEqual(told(), ['cat.mp4: went on at 1.6 MB of 20.0 MB, after 0:07'])
})

test('an interruption that lasts is told of ever less often, with the next try', () => {
  const { teller, told, at, clock } = noted()
  at(1_500_000)
  const times: number[] = []
  while (clock.now < 1_800_000) {
    teller.onEvent(LOST)
    teller.onEvent({ kind: 'waiting', wait: 8000 })
    const [line, ...others] = told()
    assert.deepEqual(others, [])
    if (line !== undefined) times.push(clock.now / 1000)
    if (clock.now >= 8000 && line !== undefined) {
      assert.match(
        line,
        /interrupted for [\d:]+ at 1\.5 MB of 20\.0 MB \(connection lost: read ECONNRESET\); next try in 0:08/u,
      )
    }
    clock.now += 8000
  }
  const pauses = times.slice(1).map((time, earlier) => time - (times[earlier] ?? 0))
  assert.ok(times[1] !== undefined && times[1] <= 10, 'the second note comes soon')
  assert.ok(times.length > 6 && times.length < 15, `${times.length} notes in half an hour`)
  assert.ok(Math.max(...pauses) <= 320, `none for ${Math.max(...pauses)} s`)
})

test('a long wait that a server asks for is told when it begins', () => {
  const { teller, told, clock } = noted()
  const reason = new UploadError('refused', 'The server answered 503 too-many-uploads')
  teller.onEvent({ kind: 'lost', reason })
  teller.onEvent({ kind: 'waiting', wait: 120_000 })
  assert.deepEqual(told(), [
    'cat.mp4: interrupted (The server answered 503 too-many-uploads); trying again',
    'cat.mp4: interrupted (The server answered 503 too-many-uploads); next try in 2:00',
  ])
  clock.now += 120_000
  teller.onEvent({ kind: 'lost', reason })
  teller.onEvent({ kind: 'waiting', wait: 120_000 })
  assert.match(told().join(), /interrupted for 2:00 .* next try in 2:00/u)
})

test('a server that takes files as a whole goes on when more of it is sent than ever', () => {
  const { teller, told, at } = noted()
  at(0, 5_000_000)
  teller.onEvent(LOST)
  at(0, 1_000_000)
  at(0, 5_000_000)
  assert.equal(told().length, 1)
  at(0, 5_100_000)
  assert.match(told().join(), /went on at 5\.1 MB of 20\.0 MB/u)
})

test('a server that was not there at first is told of once when it takes the file', () => {
  const { teller, told, at, clock } = noted()
  teller.onEvent(LOST)
  clock.now += 9000
  teller.onEvent({ kind: 'face', face: 'rufh' })
  teller.onEvent({ kind: 'created', resource: 'https://files.example/-/uploads/x' })
  at(0, 65_000)
  teller.onEvent({ kind: 'stands', offset: 262_000 })
  at(262_000)
  at(262_000, 300_000)
  const [, ...notes] = told()
  assert.deepEqual(notes, ['cat.mp4: went on at 262 kB of 20.0 MB, after 0:09'])
})

test('what an earlier run left, and a new slot, are told of', () => {
  const { teller, told } = noted()
  teller.onEvent({ kind: 'restored', resource: 'https://files.example/-/uploads/x' })
  teller.onEvent({ kind: 'stands', offset: 2000 })
  teller.onEvent({ kind: 'reauthenticating' })
  assert.deepEqual(told(), ['cat.mp4: went on at 2.0 kB', 'cat.mp4: asking for a new slot'])
})

test('with --json, each note is an object with a code, the offset and the size', () => {
  const { teller, told, at, clock } = noted('cat.mp4', true)
  at(1_500_000)
  teller.onEvent(LOST)
  clock.now += 30_000
  teller.onEvent(LOST)
  teller.onEvent({ kind: 'waiting', wait: 9100 })
  teller.onEvent({ kind: 'stands', offset: 1_600_000 })
  teller.onEvent({ kind: 'reauthenticating' })
  const notes = told().map((line): unknown => JSON.parse(line))
  const [offset, size] = [1_500_000, SIZE]
  assert.deepEqual(notes, [
    {
      code: 'lost',
      offset,
      size,
      message: 'interrupted at 1.5 MB of 20.0 MB (connection lost: read ECONNRESET); trying again',
    },
    {
      code: 'waiting',
      offset,
      size,
      wait: 10,
      message:
        'interrupted for 0:30 at 1.5 MB of 20.0 MB (connection lost: read ECONNRESET); next try in 0:10',
    },
    {
      code: 'continued',
      offset: 1_600_000,
      size,
      message: 'went on at 1.6 MB of 20.0 MB, after 0:30',
    },
    { code: 'new-slot', offset, size, message: 'asking for a new slot' },
  ])
})

test('with --json, what a server answers in the place of what was wanted has its status and code', () => {
  const { teller, told } = noted('cat.mp4', true)
  const answer = { status: 503, problem: 'too-many-uploads' }
  teller.onEvent({ kind: 'lost', reason: new UploadError('refused', 'The server …', answer) })
  teller.onEvent({ kind: 'waiting', wait: 60_000 })
  const notes = told().map((line) => report(`${line}\n`))
  const facts = notes.map(({ code, status, problem }) => ({ code, status, problem }))
  assert.deepEqual(facts, [
    { code: 'lost', ...answer },
    { code: 'waiting', ...answer },
  ])
})

test('neither a name nor a reason brings to a terminal what it would obey', () => {
  const { teller, told } = noted('\u001b[2J\u202e.mp4')
  teller.onEvent({ kind: 'lost', reason: new Error('\u001b[2J\n\u2066') })
  assert.deepEqual(told(), ['�[2J�.mp4: interrupted (connection lost: �[2J��); trying again'])
})

test('a terminal that can move its cursor has a line that moves, others have notes, --quiet nothing', () => {
  const cases = [
    [{ isWatched: true }, {}, /^\r/u],
    [{ isWatched: true, env: { TERM: 'dumb' } }, {}, /^cat\.mp4: interrupted/u],
    [{ isWatched: false }, {}, /^cat\.mp4: interrupted/u],
    [{ isWatched: false }, { json: true }, /^\{"code":"lost"/u],
    [{ isWatched: true }, { quiet: true }, /^$/u],
    [{ isWatched: false }, { quiet: true, json: true }, /^$/u],
  ] as const
  for (const [over, telling, text] of cases) {
    let written = ''
    const stderr = { write: (piece: string) => (written += piece) }
    {
      using teller = transferTeller('cat.mp4', ioIn('/', { ...over, stderr }), telling)
      teller.onProgress({ sent: 1, stored: 1, size: 2 })
      teller.onEvent(LOST)
    }
    assert.match(written, text)
  }
})
