import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { goOn, opened, stopClock } from './bound-uploads.ts'
import { head } from './rufh-client.ts'
import { PUBLIC_URL, freshNonce, proved } from './session-client.ts'
import { startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { type Reply, ask } from './wire-client.ts'

const JID = 'romeo@montague.example'

function wrong(): SignedPut {
  return signedPut('a/b.txt', 'hello', { secret: 'not the key of this server' })
}

/** The answers to so many wrong credentials. */
async function failures(count: number, ...flags: readonly string[]): Promise<readonly Reply[]> {
  await using site = await startSite(flags)
  const replies: Reply[] = []
  for (let n = 0; n < count; n += 1) replies.push(await ask(site.port, wrong()))
  return replies
}

/** What the last of so many uploads of one user is answered. */
async function uploads(count: number, ...flags: readonly string[]): Promise<Reply | undefined> {
  await using site = await startSite(flags)
  let last: Reply | undefined
  for (let n = 0; n < count; n += 1) {
    last = await ask(site.port, signedPut(`a/${n}.txt`, 'hello', { scheme: 'jwt', user: JID }))
  }
  return last
}

/** What a second wrong proof of one session is answered. */
async function secondWrongProof(...flags: readonly string[]): Promise<number> {
  await using site = await startSite([PUBLIC_URL, ...flags])
  const { target, session } = await opened(site)
  const request = proved(head(target, 8), { ...session, key: freshNonce() })
  await ask(site.port, request)
  return (await ask(site.port, request)).status
}

async function waitOf(replies: Promise<readonly Reply[]>): Promise<string | undefined> {
  return (await replies).at(-1)?.headers['retry-after']
}

/** That each limit and ban changes what happens. */
export const ABUSE_PROOFS: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
  'limits.failures_per_network': async () => {
    assert.equal((await failures(2, 'limits.failures_per_network=1')).at(-1)?.status, 429)
    assert.equal((await failures(2, 'limits.failures_per_network=0')).at(-1)?.status, 403)
  },
  'limits.failures_per_session': async () => {
    assert.equal(await secondWrongProof('limits.failures_per_session=1'), 503)
    assert.equal(await secondWrongProof('limits.failures_per_session=0'), 401)
  },
  'limits.failure_window': async (t) => {
    stopClock(t)
    for (const [window, status] of [
      ['10s', 403],
      ['1m', 429],
    ] as const) {
      const flags = ['limits.failures_per_network=1', `limits.failure_window=${window}`]
      await using site = await startSite(flags)
      await ask(site.port, wrong())
      goOn(t, 30_000)
      assert.equal((await ask(site.port, wrong())).status, status, window)
    }
  },
  'limits.failure_block': async () => {
    for (const seconds of ['30', '90']) {
      const flags = ['limits.failures_per_network=1', `limits.failure_block=${seconds}s`]
      assert.equal(await waitOf(failures(2, ...flags)), seconds)
    }
  },
  'limits.uploads_per_user': async () => {
    assert.equal((await uploads(2, 'limits.uploads_per_user=1'))?.status, 429)
    assert.equal((await uploads(2, 'limits.uploads_per_user=0'))?.status, 201)
  },
  'limits.uploads_window': async () => {
    for (const window of [60, 600]) {
      const flags = ['limits.uploads_per_user=1', `limits.uploads_window=${window}s`]
      const wait = Number((await uploads(2, ...flags))?.headers['retry-after'])
      assert.ok(wait > window / 2 && wait <= window, String(wait))
    }
  },
  'limits.banned_networks': async () => {
    assert.equal((await uploads(1, 'limits.banned_networks=127.0.0.0/8'))?.status, 403)
  },
  'limits.banned_users': async () => {
    assert.equal((await uploads(1, `limits.banned_users=${JID}`))?.status, 403)
    assert.equal((await uploads(1, 'limits.banned_users=juliet@capulet.example'))?.status, 201)
  },
}
