/** A client that is sending is there, however long its request takes. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MINUTE, MOBILE, PATH, WIFI, goOn, opened, opening, stopClock } from './bound-uploads.ts'
import { append, created, head } from './rufh-client.ts'
import { PUBLIC_URL, askProved, challenged, proved } from './session-client.ts'
import { type Site, startSite, stored } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { type Wire, ask, dial, headOf } from './wire-client.ts'

/** What comes every ten minutes, for more than two hours. */
const PIECE = Buffer.alloc(50)
const PIECES = 14
const FILE = Buffer.alloc(PIECE.length * PIECES)
const SLOT = signedPut(PATH, FILE)

function wholeFile(target: string): SignedPut {
  return append(target, 8, { offset: 0, bytes: FILE, isComplete: true })
}

/** Sends the request but for the last byte of its body. */
async function sendSlowly(t: TestContext, site: Site, request: SignedPut): Promise<Wire> {
  const wire = await dial(site.port, WIFI)
  wire.send(headOf(request))
  for (let sent = 1; sent < PIECES; sent += 1) {
    wire.send(PIECE)
    await stored(site, sent * PIECE.length)
    goOn(t, 10 * MINUTE)
  }
  wire.send(PIECE.subarray(1))
  await stored(site, FILE.length - 1)
  return wire
}

test('a body that flows for two hours is no standby of its session, wherever its client goes on', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site, opening(undefined, SLOT))
  using _wire = await sendSlowly(t, site, proved(wholeFile(target), session))
  const next = await challenged(site, session)
  const { reply } = await askProved(site, { ...head(target, 8), from: MOBILE }, next)
  assert.equal(reply.status, 204)
})

test('a session whose upload has just ended was active until then', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site, opening(undefined, SLOT))
  using wire = await sendSlowly(t, site, proved(wholeFile(target), session))
  wire.send(PIECE.subarray(0, 1))
  await wire.until('HTTP/1.1 201')
  goOn(t, MINUTE)
  const own = { method: 'GET', target: '/-/session' }
  const { reply } = await askProved(site, own, await challenged(site, session))
  assert.deepEqual([reply.status, reply.headers['x-security-level']], [200, '1'])
})

test('a body that flows for two hours is no standby of a client without a session, either', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL, 'security.unbound=strict'])
  const target = await created(site, SLOT)
  using _wire = await sendSlowly(t, site, wholeFile(target))
  assert.equal((await ask(site.port, { ...head(target, 8), from: WIFI })).status, 204)
})
