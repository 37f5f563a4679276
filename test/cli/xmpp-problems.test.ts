import assert from 'node:assert/strict'
import test from 'node:test'
import { loginProblem } from '../../src/cli/xmpp/login-problem.ts'
import { slotProblem } from '../../src/cli/xmpp/slot-problem.ts'
import { SlotError } from '../../src/client/xmpp/main.ts'

const ATTEMPT = { jid: 'romeo@example.org' }

/** An error as Node.js, or `@xmpp/client`, throws it. */
function failure(facts: Readonly<Record<string, string>>): Error {
  return Object.assign(new Error(facts['message'] ?? 'failed'), facts)
}

test('each way in which a login fails has a sentence that names the place and the way out', () => {
  const sentences: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ code: 'ENOTFOUND' }, /no host example\.org.*--service/u],
    [{ code: 'ECONNREFUSED' }, /No XMPP server answers at example\.org \(ECONNREFUSED\)/u],
    [{ code: 'CERT_HAS_EXPIRED' }, /example\.org is not valid now.*renew.*clock/u],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, /example\.org is for another name/u],
    [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /not trusted \(SELF_SIGNED.*--ca FILE/u],
    [{ name: 'SASLError', condition: 'not-authorized' }, /password of romeo@example\.org/u],
    [{ name: 'SASLError', condition: 'account-disabled' }, /romeo@example\.org is disabled/u],
    [{ name: 'SASLError', condition: 'aborted', message: 'aborted - x' }, /not let in: aborted/u],
    [{ name: 'TimeoutError' }, /answers at example\.org \(it is silent\)/u],
    [{ condition: 'host-unknown' }, /does not serve example\.org/u],
    [{ message: "Couldn't connect" }, /Couldn't connect.*--service/u],
  ]
  for (const [facts, text] of sentences) {
    assert.match(loginProblem(failure(facts), ATTEMPT).message, text)
  }
})

test('a server that is named stands in the sentence in the place of the domain', () => {
  const attempt = { ...ATTEMPT, service: 'xmpp://10.0.0.1:5222' }
  assert.match(loginProblem(failure({ code: 'ENOTFOUND' }), attempt).message, /10\.0\.0\.1:5222/u)
  const { message } = loginProblem(failure({ condition: 'host-unknown' }), attempt)
  assert.match(message, /^10\.0\.0\.1:5222 does not serve example\.org/u)
})

test('each way in which a slot fails has a sentence with the limit or the time, where one is known', () => {
  const retryAt = new Date('2026-11-22T23:03:21Z')
  const sentences: readonly (readonly [SlotError, RegExp])[] = [
    [new SlotError('no-service', 'None'), /None \(XEP-0363\).*hmac-file-server init/u],
    [new SlotError('file-too-large', 'x', { maxFileSize: 104_857_600 }), /at most 100 MiB/u],
    [new SlotError('file-too-large', 'x'), /too large for the upload service/u],
    [new SlotError('retry-later', 'Quota', { retryAt }), /after 2026-11-22T23:03:21\.000Z/u],
    [new SlotError('retry-later', 'Quota'), /Quota\. Try later/u],
    [new SlotError('refused', 'Staff only'), /^Staff only$/u],
    [new SlotError('bad-answer', 'No address'), /No address: the configuration/u],
  ]
  for (const [error, text] of sentences) assert.match(slotProblem(error).message, text)
})
