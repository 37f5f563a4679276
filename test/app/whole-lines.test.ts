import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeLines } from '../../src/app/workers/whole-lines.ts'

test('many lines are written in pieces that a pipe never mixes, each of them whole lines', () => {
  const pieces: string[] = []
  const shared = wholeLines({ write: (lines) => pieces.push(lines) })
  const lines = Array.from({ length: 300 }, (_, at) => `${at} ${'ü'.repeat(at)}\n`).join('')
  shared.write(lines)
  assert.equal(pieces.join(''), lines)
  assert.ok(pieces.length > 10)
  for (const piece of pieces) {
    assert.ok(piece.endsWith('\n'))
    assert.ok(Buffer.byteLength(piece) <= 4096)
  }
})

test('a line that is longer than that is written by itself', () => {
  const pieces: string[] = []
  const long = `${'x'.repeat(10_000)}\n`
  wholeLines({ write: (lines) => pieces.push(lines) }).write(`a\n${long}b\n`)
  assert.deepEqual(pieces, ['a\n', long, 'b\n'])
})
