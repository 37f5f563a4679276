/** What operators rely on: rulings 14, 20, 21, 23 and 24 of docs/rulings.md. */
import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStores } from '../../src/app/stores.ts'
import { advice } from '../../src/config/advice.ts'
import { createReadiness } from '../../src/protocols/health/readiness.ts'
import { caddy, haproxy, nginx } from '../../src/cli/snippets/proxies.ts'
import { opened } from '../../src/engine/transitions.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import { grantFor } from '../engine/grants.ts'
import { fixture } from '../engine/fixture.ts'
import { append, created, head } from './rufh-client.ts'
import { auditOf, configOf, filesBelow, startSite, temporaryFolder } from './site.ts'
import { signedPut } from './slots.ts'
import { creation as tusCreation, targetOf, TUS } from './tus-client.ts'
import { type RawRequest, ask } from './wire-client.ts'

const PATH = 'a1b2/photo.jpg'

test('ruling 14: a commit needs epoch and id of the lease, and an upload whose told bytes are gone is 410', async () => {
  await using f = await fixture()
  await using home = await temporaryFolder()
  await using stores = await openStores(configOf(home.path))
  const facts = { id: 'a', owner: 'o', network: 'n' }
  const slot = opened(grantFor('a', 5), facts, { now: f.time, policy: f.needs.policy() })
  const lease = { epoch: 1, id: 'first' }
  await stores.slots.create({ ...slot, lease })
  const next = { ...slot, lease: { epoch: 2, id: 'next' } }
  assert.equal(await stores.slots.replace(next, { ...lease, id: 'second' }), false)
  assert.equal(await stores.slots.replace(next, { ...lease, epoch: 2 }), false)
  assert.equal(await stores.slots.replace(next, lease), true)
  using state = openState({ path: ':memory:', durability: 'full' })
  const full = { synchronous: 2 }
  assert.deepEqual({ ...state.database.prepare('PRAGMA synchronous').get() }, full)

  await using site = await startSite(['storage.fsync=ack'])
  const put = signedPut(PATH, 'hello')
  const target = await created(site, put)
  const bytes = put.body.subarray(0, 4)
  await ask(site.port, append(target, 8, { offset: 0, bytes, isComplete: false }))
  await site.server.shutdown()
  const [part = ''] = (await filesBelow(join(site.config.storage.url.folder, 'parts'))).keys()
  await truncate(part, 3)
  await using again = await startSite([], { folder: site.folder })
  assert.equal((await ask(again.port, head(target, 8))).status, 410)
  assert.equal((await ask(again.port, put)).status, 201)
})

test('ruling 20: the admin listener serves known hosts, no foreign page, and more than metrics to its token only', async () => {
  const token = 'operators-own-token-5d41'
  await using site = await startSite(['admin.listen=127.0.0.1:0', `admin.token=${token}`])
  const shown = { Authorization: `Bearer ${token}` }
  const localhost = { Host: 'localhost' }
  for (const [target, headers, status] of [
    ['/metrics', localhost, 200],
    ['/-/health/live', localhost, 200],
    ['/files', localhost, 401],
    ['/files', { ...localhost, Authorization: `Bearer ${token}x` }, 401],
    ['/files', { ...localhost, ...shown }, 404],
    ['/metrics', { Host: 'rebound.example' }, 421],
    ['/metrics', { ...localhost, ...shown, Origin: 'https://rebound.example' }, 403],
  ] as const) {
    const reply = await ask(site.adminPort, { method: 'GET', target, headers })
    assert.equal(reply.status, status, `${target} ${JSON.stringify(headers)}`)
    assert.equal(reply.headers['access-control-allow-origin'], undefined)
  }
  const local = `unix:${join(site.folder, 'admin.sock')}`
  await using open = await startSite([`admin.listen=${local}`])
  const [address] = open.server.adminAddresses
  assert.ok(address?.kind === 'unix')
  assert.equal((await ask(address.path, { method: 'GET', target: '/metrics' })).status, 200)
  assert.equal((await ask(address.path, { method: 'GET', target: '/files' })).status, 404)
})

async function lost(): Promise<never> {
  return await Promise.reject(new Error('lost'))
}

test('ruling 21: a server whose state is lost is ready, and says degraded, as long as files can be read', async () => {
  for (const [ping, free, status, body] of [
    [async () => undefined, async () => 1, 200, /"status":"ok"/u],
    [lost, async () => 1, 200, /"status":"degraded"/u],
    [async () => undefined, lost, 503, /"status":"unavailable"/u],
  ] as const) {
    const needs = { slots: { ping }, blobs: { free }, version: '1', stopwatch: () => 0 }
    const answer = await createReadiness(needs).ready()
    assert.equal(answer.status, status)
    assert.match(String(answer.body), body)
  }
})

test('ruling 23: logs hold no key, and a credential shown on an upload resource must be its creator’s', async () => {
  await using site = await startSite()
  const jwt = signedPut(PATH, 'hello', { scheme: 'jwt' })
  const byIetf = await created(site, jwt)
  const byTus = targetOf(await ask(site.port, tusCreation('t/1', 'hello', { scheme: 'jwt' })))
  const right = tusCreation('t/1', 'hello', { scheme: 'jwt' }).headers['Authorization'] ?? ''
  const other = signedPut('t/2', 'hello', { scheme: 'jwt' }).headers['Authorization'] ?? ''
  const questions: [RawRequest, number][] = [
    [head(byIetf, 8), 204],
    [head(byIetf, 8, jwt.headers), 204],
    [head(byIetf, 8, { Authorization: other }), 403],
    [{ method: 'HEAD', target: byTus, headers: { ...TUS, Authorization: other } }, 403],
    [{ method: 'HEAD', target: byTus, headers: TUS }, 200],
  ]
  for (const [question, status] of questions) {
    assert.equal((await ask(site.port, question)).status, status)
  }
  await ask(site.port, { method: 'GET', target: '/-/put/capability-of-a-slot/a/b.jpg' })
  await ask(site.port, signedPut('v/1', 'hello', { scheme: 'v2' }))
  await site.server.shutdown()
  const written = site.log() + JSON.stringify(await auditOf(site.folder))
  assert.ok(written.includes('/-/uploads/…'), 'the requests are logged')
  const ids = [byIetf, byTus].map((target) => target.replace('/-/uploads/', ''))
  const tokens = [right, other, jwt.headers['Authorization'] ?? ''].map((text) => text.slice(7))
  for (const key of [...ids, ...tokens, 'capability-of-a-slot']) {
    assert.ok(key.length > 10)
    assert.ok(!written.includes(key), key)
  }
  assert.doesNotMatch(written, /v2=[\da-f]/u)
  const publicUrl = new URL('https://upload.example.org/')
  const proxied = { publicUrl, upstream: '127.0.0.1:5050', secret: '', maxFileSize: 0 }
  for (const snippet of [nginx(proxied), caddy(proxied), haproxy(proxied)]) {
    assert.match(snippet.text, /\/-\/(?:uploads|\(\?:uploads)/u, snippet.title)
  }
})

function said(...flags: string[]): string {
  return advice(configOf('/nowhere', flags)).join('\n')
}

test('ruling 24: http, and a listener that others reach under a URL of this machine, are reported', () => {
  assert.match(said(), /phones and several desktop clients refuse http/u)
  const open = 'server.listen=0.0.0.0:5050'
  assert.match(said(open), /names this machine only/u)
  assert.match(said(open, 'server.public_url=http://upload.example.org/'), /unencrypted/u)
  assert.equal(said(open, 'server.public_url=https://upload.example.org/'), '')
})
