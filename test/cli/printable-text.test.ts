import assert from 'node:assert/strict'
import test from 'node:test'
import { xml } from '@xmpp/client'
import { printable, quoted } from '../../src/cli/printable-text.ts'
import { loginProblem } from '../../src/cli/xmpp/login-problem.ts'
import { slotProblem } from '../../src/cli/xmpp/slot-problem.ts'
import { errorText } from '../../src/cli/xmpp/stanza-watch.ts'
import { SlotError } from '../../src/client/xmpp/main.ts'

/** Clears the screen, begins a line, turns the direction of writing, hides. */
const SPELLS = '\u001b[2J\r\n\u0085\u2028\u202e\u2066\u200b\ufeff'

/** What no text of a server may bring to a terminal. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\u200b\ufeff]/u

test('nothing is left in a text that a terminal obeys or hides, and letters stay as they are', () => {
  assert.equal(printable(`a${SPELLS}b`).replaceAll('�', ''), 'a[2Jb')
  for (const text of ['Ünïcödé ☃ 日本', '👩‍🚀', 'می‌خواهم', 'שלום'])
    assert.equal(printable(text), text)
})

test('a text of a server is quoted up to a length, and no letter is cut in two', () => {
  assert.equal(quoted('x'.repeat(300)), 'x'.repeat(300))
  assert.equal(quoted('x'.repeat(301)), `${'x'.repeat(300)}…`)
  const long = quoted(`x${'🎉'.repeat(1000)}`)
  assert.ok(long.isWellFormed() && long.length <= 301)
})

/** What is made of the text of an error stanza. */
function said(text: string): string {
  const error = xml('error', {}, xml('forbidden', {}), xml('text', {}, text))
  return errorText(xml('message', { type: 'error' }, error))
}

test('what a stanza of type error says is bounded and harmless', () => {
  assert.equal(said('Members only'), 'forbidden: Members only')
  assert.ok(!OBEYED.test(said(SPELLS)))
  assert.ok(said('x'.repeat(1e6)).length < 400)
  assert.equal(errorText(xml('message', { type: 'error' })), 'error')
})

test('what a server says of a login or a slot is bounded and harmless', () => {
  const text = `${SPELLS}${'x'.repeat(1e6)}`
  const refusal = Object.assign(new Error(text), { name: 'SASLError', condition: 'aborted' })
  const attempt = { jid: 'romeo@example.org' }
  for (const { message } of [
    loginProblem(refusal, attempt),
    loginProblem(new Error(text), attempt),
    loginProblem(text, attempt),
    slotProblem(new SlotError('refused', text)),
    slotProblem(new SlotError('retry-later', text)),
  ]) {
    assert.ok(!OBEYED.test(message), message.slice(0, 100))
    assert.ok(message.length < 600, `${message.length} letters`)
  }
})
