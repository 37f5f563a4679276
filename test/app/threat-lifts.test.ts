import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStores } from '../../src/app/stores.ts'
import { sessionNameOf } from '../../src/sessions/bound-sessions.ts'
import { opened, opening } from './bound-uploads.ts'
import { head } from './rufh-client.ts'
import { type HeldSession, PUBLIC_URL, askProved, challenged } from './session-client.ts'
import { type Site, auditOf, startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { HERE, THERE } from './taken-in-turn.ts'
import { ask } from './wire-client.ts'

const SLOT = put('a/b.txt')

function put(path: string): SignedPut {
  return signedPut(path, '0123456789', { scheme: 'jwt', user: 'romeo@montague.example' })
}

async function site(effect: string): Promise<Site> {
  return await startSite([
    PUBLIC_URL,
    'security.challenge_on_network_change=false',
    'security.network_change_limit=99',
    `threats.grant_on_two_networks=${effect}`,
  ])
}

/** A session whose slot two networks use in turn, each with the right proof. */
async function inTwoHands(at: Site): Promise<{ target: string; session: HeldSession }> {
  let { target, session } = await opened(at, { ...opening(undefined, SLOT), from: HERE })
  for (const from of [HERE, THERE, HERE, THERE]) {
    const turn = await askProved(at, { ...head(target, 8), from }, session)
    if (turn.reply.status === 204) ({ session } = turn)
  }
  return { target, session: await challenged(at, session) }
}

test('a new grant that lifts what was found is told, and noted in the session, which every process reads', async () => {
  await using at = await site('level3')
  const { target, session } = await inTwoHands(at)
  const again = { ...head(target, 8), from: HERE }
  const refused = await askProved(at, again, session)
  assert.equal(refused.reply.status, 401)
  const fresh = await askProved(
    at,
    { ...put('a/new.txt'), from: HERE },
    await challenged(at, session),
  )
  assert.equal(fresh.reply.status, 201)
  assert.equal((await askProved(at, again, fresh.session)).reply.status, 204)
  await at.server.shutdown()
  const lifted = (await auditOf(at.folder)).filter(({ event }) => event === 'threat-lifted')
  const name = sessionNameOf(session.id)
  assert.deepEqual(
    lifted.map(({ pattern, session: of }) => [pattern, of]),
    [['grant-on-two-networks', name]],
  )
  await using stores = await openStores(at.config)
  assert.ok((await stores.sessions.find(name))?.bound?.confirmedAt)
})

test('a slot whose session is banned is refused to a new session, too, and the session to another slot', async () => {
  await using at = await site('ban')
  const { session } = await inTwoHands(at)
  const other = await ask(at.port, { ...opening(undefined, SLOT), from: HERE })
  assert.deepEqual([other.status, other.code], [403, 'session-banned'])
  const fresh = put('a/new.txt')
  const { reply } = await askProved(at, { ...fresh, from: HERE }, session)
  assert.deepEqual([reply.status, reply.code], [403, 'session-banned'])
  assert.equal((await ask(at.port, { ...fresh, from: HERE })).status, 201)
})
