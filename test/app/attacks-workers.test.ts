/** Several processes over one state: what one of them accepted once, no other accepts again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BODY, MOBILE, last, opening } from './bound-uploads.ts'
import { dpopProved, openedByDpop } from './dpop-client.ts'
import { head, located } from './rufh-client.ts'
import { PUBLIC_URL, hmacClient, toldSession } from './session-client.ts'
import { auditOf } from './site.ts'
import { startTeamSite } from './team-site.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, ask } from './wire-client.ts'

const TIMES = 16

/** Shows a request again and again, all at once; how often each status came. */
async function shownToAll(port: number, request: RawRequest): Promise<Record<number, number>> {
  const replies = await Promise.all(Array.from({ length: TIMES }, () => ask(port, request)))
  return Object.fromEntries(
    Object.entries(Object.groupBy(replies, ({ status }) => status)).map(([status, all]) => [
      status,
      all?.length ?? 0,
    ]),
  )
}

test('of one answer that is shown to all workers at once, one is taken', async () => {
  await using site = await startTeamSite([PUBLIC_URL, 'storage.fsync=ack'])
  const reply = await ask(site.port, opening())
  const session = toldSession(reply)
  const target = located(reply)
  const client = hmacClient(site, session)
  const request = client.prove({ ...head(target, 8), from: MOBILE })
  assert.ok(request)
  assert.deepEqual(await shownToAll(site.port, request), { 204: 1, 401: TIMES - 1 })
  assert.equal((await client.ask(last(target))).status, 201)
  assert.deepEqual(await contentOf(site, 'a/b.txt'), BODY)
  const workers = site.lines
    .filter(({ msg }) => msg === 'proof refused')
    .map((line) => line['worker'])
  assert.equal(new Set(workers).size, 2, 'every request met one worker')
  site.signal('SIGTERM')
  await site.ended
  const told = (await auditOf(site.folder)).filter(({ event }) => event === 'unproved')
  assert.deepEqual(new Set(told.map(({ why }) => why)), new Set(['used', 'absent']))
})

test('of one DPoP proof that is shown to all workers at once, one is taken', async () => {
  await using site = await startTeamSite([PUBLIC_URL, 'storage.fsync=ack'])
  const { reply, session } = await openedByDpop(site, opening())
  const target = located(reply)
  const request = dpopProved({ ...head(target, 8), from: MOBILE }, session)
  assert.deepEqual(await shownToAll(site.port, request), { 204: 1, 401: TIMES - 1 })
  assert.equal((await ask(site.port, dpopProved(last(target), session))).status, 201)
})
