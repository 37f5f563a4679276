import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masterKeys } from '../../src/keys/master-keys.ts'
import { proofKeys } from '../../src/proof/proof-keys.ts'

test('the keys of proofs follow the master keys as time goes by', () => {
  const old = { kid: 'old', key: Buffer.alloc(32, 1), createdAt: 0, activeFrom: 0, retireAt: 20 }
  const fresh = { kid: 'new', key: Buffer.alloc(32, 2), createdAt: 5, activeFrom: 10 }
  let now = 9
  const keys = proofKeys(masterKeys([fresh, old], () => now))
  const [before, coming] = keys.challengeKeys
  const sessionKey = keys.sessionKey('old', 'session')
  assert.equal(keys.kid, 'old')
  assert.ok(sessionKey && coming)

  now = 10
  assert.equal(keys.kid, 'new')
  assert.deepEqual(keys.challengeKeys, [coming, before])
  assert.equal(keys.challengeKeys, keys.challengeKeys, 'derived once')
  assert.equal(keys.dpopNonceKeys.length, 2)
  assert.deepEqual(keys.sessionKey('old', 'session'), sessionKey)

  now = 20
  assert.deepEqual(keys.challengeKeys, [coming])
  assert.equal(keys.dpopNonceKeys.length, 1)
  assert.equal(keys.sessionKey('old', 'session'), undefined)
})
