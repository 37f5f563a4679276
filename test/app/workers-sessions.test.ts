/** A session with a key on several processes; chance decides which of them gets a request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BODY, PATH, last, opened } from './bound-uploads.ts'
import { head } from './rufh-client.ts'
import { type HeldSession, PUBLIC_URL, askProved, challengeIn, proved } from './session-client.ts'
import type { Line } from './site.ts'
import { type TeamSite, startTeamSite } from './team-site.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, ask } from './wire-client.ts'

const MOST = 40

/** The workers that answered requests of this method. */
function answerers({ lines }: TeamSite, method: string): ReadonlySet<unknown> {
  const answers = lines.filter((line: Line) => line['method'] === method)
  return new Set(answers.map(({ worker }) => worker))
}

/** Asks with a proof until each worker has answered. */
async function askAll(
  site: TeamSite,
  request: RawRequest & { readonly method: string },
  { session, status }: { readonly session: HeldSession; readonly status: number },
): Promise<HeldSession> {
  let held = session
  for (let at = 0; at < MOST && answerers(site, request.method).size < 2; at += 1) {
    const asked = await askProved(site, request, held)
    assert.equal(asked.reply.status, status)
    held = asked.session
  }
  assert.equal(answerers(site, request.method).size, 2, 'every request met one worker only')
  return held
}

test('a session that one worker opened proves itself to all, with the challenges of any', async () => {
  await using site = await startTeamSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const next = await askAll(site, { ...head(target, 8), method: 'HEAD' }, { session, status: 204 })
  const { reply } = await askProved(site, last(target), next)
  assert.equal(reply.status, 201)
  assert.deepEqual(await contentOf(site, PATH), BODY)
})

test('a challenge is redeemed once, whichever workers are shown it at the same time', async () => {
  await using site = await startTeamSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  let held = session
  for (let at = 0; at < MOST && answerers(site, 'HEAD').size < 2; at += 1) {
    const request = proved(head(target, 8), held)
    const replies = await Promise.all([1, 2, 3].map(async () => await ask(site.port, request)))
    const refused = replies.filter(({ status }) => status === 401)
    const [first] = refused
    assert.deepEqual([refused.length, replies.length - refused.length], [2, 1])
    assert.ok(first)
    held = { ...held, next: challengeIn(first) }
  }
  assert.equal(answerers(site, 'HEAD').size, 2)
})

test('a session that ends at one worker has no upload left at any', async () => {
  await using site = await startTeamSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const ending = { method: 'DELETE', target: '/-/session' }
  const ended = await askProved(site, ending, session)
  assert.equal(ended.reply.status, 204)
  for (let at = 0; at < MOST && answerers(site, 'PATCH').size < 2; at += 1) {
    assert.equal((await ask(site.port, last(target))).status, 410)
  }
  assert.equal(answerers(site, 'PATCH').size, 2)
})
