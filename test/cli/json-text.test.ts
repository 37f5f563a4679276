import assert from 'node:assert/strict'
import test from 'node:test'
import { jsonText } from '../../src/cli/json-text.ts'
import { transferNotes } from '../../src/cli/transfer-notes.ts'

/** Begins a sequence, clears the screen, ends a line, turns the direction of writing, hides, and tags (U+E0001). */
const SPELLS = '\u0000\u001b[2J\u007f\u0085\u009b2J\u2028\u2029\u202e\u2066\u200b\ufeff\u{e0001}'

const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

test('nothing is left in JSON that a terminal obeys or hides, and a parser reads what was there', () => {
  for (const value of [{ [SPELLS]: [SPELLS] }, 'Ünïcödé ☃ 日本', '👩‍🚀', { a: 1, b: undefined }]) {
    const text = jsonText(value)
    assert.doesNotMatch(text, OBEYED)
    assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(value))
  }
})

test('letters that are seen stay as they are', () => {
  assert.equal(jsonText({ name: 'Ünïcödé ☃ 日本 🎉' }), '{"name":"Ünïcödé ☃ 日本 🎉"}')
})

test('a note of a transfer in JSON brings a terminal nothing of a server', () => {
  let written = ''
  const stderr = { write: (text: string) => (written += text) }
  using teller = transferNotes(SPELLS, { stderr, json: true }, () => 0)
  teller.onEvent({ kind: 'lost', reason: new Error(SPELLS) })
  assert.match(written, /^\{"code":"lost".*\}\n$/u)
  assert.doesNotMatch(written.trimEnd(), OBEYED)
})
