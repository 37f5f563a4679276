import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, goOn, stopClock } from './bound-uploads.ts'
import { created, offsetOf } from './rufh-client.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Site, auditOf, startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { metricsOf } from './visits.ts'
import { ask } from './wire-client.ts'

const WIFI = '127.0.0.2'
const MOBILE = '127.0.1.2'
const ADMIN = 'admin.listen=127.0.0.1:0'

async function decisionsOf(site: Site): Promise<readonly object[]> {
  await site.server.shutdown()
  return (await auditOf(site.folder)).filter(({ event }) => event === 'assessed')
}

test('a client that can prove nothing is not refused for changing its network, but noticed', async () => {
  await using site = await startSite([ADMIN])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
  assert.match(
    await metricsOf(site),
    /^hfs_security_decisions_total\{level="2",verdict="passed"\} 1$/mu,
  )
  const [decision] = await decisionsOf(site)
  assert.partialDeepStrictEqual(decision, { level: 2, why: 'network-changed', verdict: 'passed' })
})

test('an expired slot is not taken up again after hours of silence: 403, a new slot is needed', async (t) => {
  stopClock(t)
  await using site = await startSite()
  const put = largePut()
  await cutUpload(site, put, WIFI)
  goOn(t, 125 * MINUTE)
  const reply = await ask(site.port, { ...put, from: WIFI })
  assert.deepEqual([reply.status, reply.code], [403, 'new-slot-required'])
})

test('who changed networks often, and did nothing else, may take an expired slot up again', async (t) => {
  stopClock(t)
  await using site = await startSite(['security.network_change_limit=0', 'storage.fsync=never'])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  goOn(t, 15 * MINUTE)
  assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
  const [decision] = await decisionsOf(site)
  assert.partialDeepStrictEqual(decision, { level: 3, verdict: 'passed' })
})

test('another product from another network is level 3, and a new version of the same is not', async () => {
  await using site = await startSite([
    'security.unbound=strict',
    'security.challenge_on_network_change=false',
  ])
  const put = largePut()
  const dino = { ...put, headers: { ...put.headers, 'User-Agent': 'Dino/0.4' } }
  await cutUpload(site, dino, WIFI)
  const thief = { ...put, headers: { ...put.headers, 'User-Agent': 'curl/8' }, from: MOBILE }
  const reply = await ask(site.port, thief)
  assert.deepEqual([reply.status, reply.headers['x-security-level']], [401, '3'])
  const updated = { ...put, headers: { ...put.headers, 'User-Agent': 'Dino/0.5' }, from: MOBILE }
  assert.equal((await ask(site.port, updated)).status, 201)
})

test('the address of an upload is all that a native client needs, from wherever and after hours', async (t) => {
  stopClock(t)
  await using site = await startSite()
  const target = await created(site, { ...signedPut('a/b.txt', 'hello'), from: WIFI })
  goOn(t, 5 * 60 * MINUTE)
  assert.equal(await offsetOf(site, target), 0)
})

test('in strict mode a change of network is 401 with a challenge, as often as it is tried', async () => {
  await using site = await startSite(['security.unbound=strict'])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const reply = await ask(site.port, { ...put, from: MOBILE })
    assert.deepEqual([reply.status, reply.code], [401, 'proof-required'])
  }
  assert.equal((await ask(site.port, { ...put, from: WIFI })).status, 201)
})

test('strict mode knows a client again after a restart', async () => {
  await using first = await startSite(['security.unbound=strict'])
  const put = largePut()
  await cutUpload(first, put, WIFI)
  await first.server.shutdown()
  await using site = await startSite(['security.unbound=strict'], { folder: first.folder })
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 401)
  }
  assert.equal((await ask(site.port, { ...put, from: WIFI })).status, 201)
  await site.server.shutdown()
  const events = (await auditOf(site.folder)).map(({ event }) => event)
  assert.ok(!events.includes('network-changed'), 'whoever was refused left no trace in its session')
})

test('a slot that lost its session, or never had one, is judged by what it remembers itself', async (t) => {
  stopClock(t)
  await using site = await startSite(['session_store.enabled=false'])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  goOn(t, 125 * MINUTE)
  const reply = await ask(site.port, { ...put, from: WIFI })
  assert.deepEqual([reply.status, reply.code], [403, 'new-slot-required'])
})
