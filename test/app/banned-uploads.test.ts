import assert from 'node:assert/strict'
import { test } from 'node:test'
import { append, created, head, offsetOf } from './rufh-client.ts'
import { PUBLIC_URL } from './session-client.ts'
import { type Site, auditOf, configOf, startSite, stored } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { HERE, THERE } from './taken-in-turn.ts'
import { halfSent } from './visits.ts'
import { ask, statusesIn } from './wire-client.ts'

const JID = 'romeo@montague.example'
const BODY = Buffer.alloc(100_000, 'b')
const HALF = BODY.length / 2

function put(name: string, user = JID): SignedPut {
  return signedPut(`a/${name}`, BODY, { scheme: 'jwt', user })
}

/** Puts new options into effect. */
async function reload(site: Site, ...flags: readonly string[]): Promise<void> {
  await site.server.reload(configOf(site.folder, [PUBLIC_URL, ...flags]))
}

function whole(target: string): ReturnType<typeof append> & { readonly body: Buffer } {
  return { ...append(target, 8, { offset: 0, bytes: BODY, isComplete: true }), body: BODY }
}

for (const [whom, ban] of [
  ['user', `limits.banned_users=${JID}`],
  ['network', 'limits.banned_networks=127.1.0.0/24'],
] as const) {
  test(`uploads under way of a ${whom} that is banned end unanswered, with what came; others go on`, async () => {
    await using site = await startSite([PUBLIC_URL])
    const target = await created(site, { ...put('1'), from: HERE })
    using patch = await halfSent(site, whole(target), HERE)
    using plain = await halfSent(site, put('2'), HERE)
    using other = await halfSent(site, put('3', 'juliet@capulet.example'), THERE)
    await stored(site, 3 * HALF)
    await reload(site, ban)
    const answers = await Promise.all([patch.ended, plain.ended])
    assert.deepEqual(answers.map(statusesIn), [[], []])
    assert.equal((await site.logged('uploads under way ended, because of a ban'))['uploads'], 2)
    other.send(BODY.subarray(HALF))
    await other.until('HTTP/1.1 201')
    assert.equal((await ask(site.port, { ...head(target, 8), from: HERE })).status, 403)
    await reload(site)
    assert.equal(await offsetOf(site, target), HALF)
    await site.server.shutdown()
    const kept = (await auditOf(site.folder)).filter(({ event }) => event === 'interrupted')
    assert.deepEqual(
      kept.map((line) => line['kept']),
      [HALF, HALF],
    )
  })
}

test('an upload whose slot is banned while its body flows ends, and its user goes on in a new slot', async () => {
  await using site = await startSite([
    PUBLIC_URL,
    'threats.grant_on_two_networks=ban',
    'security.challenge_on_network_change=false',
    'security.network_change_limit=99',
  ])
  const target = await created(site, { ...put('1'), from: HERE })
  assert.equal((await ask(site.port, { ...head(target, 8), from: THERE })).status, 204)
  using owner = await halfSent(site, whole(target), HERE)
  assert.equal((await ask(site.port, { ...head(target, 8), from: THERE })).status, 403)
  assert.deepEqual(statusesIn(await owner.ended), [])
  assert.equal((await ask(site.port, { ...put('2'), from: HERE })).status, 201)
})
