import assert from 'node:assert/strict'
import test from 'node:test'
import { sizeText, timeText } from '../../src/cli/amounts.ts'
import { transferLine } from '../../src/cli/transfer-line.ts'
import type { TransferTeller } from '../../src/cli/transfer-news.ts'
import { UploadError } from '../../src/client/upload-error.ts'

/** A line on a terminal, and what stands in it last. */
function shown(name: string): {
  line: TransferTeller
  drawn: string[]
  clock: { now: number }
} {
  const drawn: string[] = []
  const clock = { now: 0 }
  const stderr = {
    write: (text: string) => drawn.push(text.replaceAll(/\r|\p{Cc}\[\??\d*[a-zA-Z]/gu, '')),
  }
  return {
    drawn,
    clock,
    line: transferLine(name, { stderr }, () => clock.now),
  }
}

test('the line shows name, share, rate and time left', () => {
  const { line, drawn } = shown('cat.mp4')
  line.onProgress({ sent: 500, stored: 0, size: 1000, rate: 123_456, eta: 61 })
  const half = `${'█'.repeat(12)}${'░'.repeat(12)}`
  assert.deepEqual(drawn, [`cat.mp4  ${half}   50 %  123 kB/s  1:01 left`])
})

test('the line is drawn ten times a second at most, and at the end', () => {
  const { line, drawn, clock } = shown('cat.mp4')
  for (let sent = 0; sent < 1000; sent += 1) {
    clock.now += 1
    line.onProgress({ sent, stored: sent, size: 1000 })
  }
  assert.equal(drawn.length, 10)
  line.onProgress({ sent: 1000, stored: 1000, size: 1000 })
  line[Symbol.dispose]()
  assert.match(drawn.slice(-2).join(''), /100 %\n$/u)
})

test('a loss, the wait after it and the way on are told at once; what goes well is not', () => {
  const { line, drawn } = shown('cat.mp4')
  line.onEvent({ kind: 'stands', offset: 500 })
  assert.deepEqual(drawn, [])
  const cause = new Error('read ECONNRESET')
  line.onEvent({ kind: 'lost', reason: new TypeError('fetch failed', { cause }) })
  line.onEvent({ kind: 'waiting', wait: 1500 })
  line.onEvent({ kind: 'sending', offset: 1_500_000, end: 2_000_000 })
  line.onEvent({ kind: 'stands', offset: 1_500_000 })
  line.onEvent({ kind: 'stands', offset: 2_000_000 })
  line.onEvent({ kind: 'reauthenticating' })
  assert.deepEqual(drawn, [
    'cat.mp4  connection lost: read ECONNRESET',
    'cat.mp4  trying again in 0:02',
    'cat.mp4  went on at 1.5 MB',
    'cat.mp4  asking for a new slot',
  ])
})

test('what an earlier run left is told of', () => {
  const download = shown('cat.mp4')
  download.line.onEvent({ kind: 'receiving', offset: 0 })
  download.line.onEvent({ kind: 'receiving', offset: 2000 })
  assert.deepEqual(download.drawn, ['cat.mp4  went on at 2.0 kB'])
  const upload = shown('cat.mp4')
  upload.line.onEvent({ kind: 'restored', resource: 'https://files.example/-/uploads/x' })
  upload.line.onEvent({ kind: 'stands', offset: 2000 })
  assert.deepEqual(upload.drawn, ['cat.mp4  went on at 2.0 kB'])
})

test('a server that answers is not called lost, and what it says cannot move the cursor', () => {
  const { line, drawn } = shown('cat.mp4')
  line.onEvent({ kind: 'lost', reason: new UploadError('refused', 'The server answered 503') })
  line.onEvent({ kind: 'lost', reason: new Error('altnames: \u001b[2J\u202e') })
  assert.deepEqual(drawn, [
    'cat.mp4  The server answered 503',
    'cat.mp4  connection lost: altnames: �[2J�',
  ])
})

test('a name cannot move the cursor, and a long one is shortened without breaking a letter', () => {
  const { line, drawn } = shown(`${'👩‍🚀'.repeat(40)}\u001b[2J.mp4`)
  line.onProgress({ sent: 0, stored: 0, size: 0 })
  assert.ok(drawn[0]?.startsWith(`${'👩‍🚀'.repeat(23)}…�[2J.mp4  █`), drawn[0])
})

test('amounts are short', () => {
  const sizes = [0, 999, 1000, 99_949, 99_950, 999_499, 999_500, 5e12, 7e16].map(sizeText)
  assert.deepEqual(sizes, [
    '0 B',
    '999 B',
    '1.0 kB',
    '99.9 kB',
    '100 kB',
    '999 kB',
    '1.0 MB',
    '5.0 TB',
    '70000 TB',
  ])
  assert.deepEqual([0, 8.2, 750, 3600, 86_399].map(timeText), [
    '0:00',
    '0:09',
    '12:30',
    '1:00:00',
    '23:59:59',
  ])
})
