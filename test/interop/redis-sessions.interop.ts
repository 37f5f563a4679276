/** Sessions with a key on several servers that share files, a Redis and the file of the master keys. */
import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { keyFileNeeds } from '../../src/app/key-upkeep.ts'
import { systemClock } from '../../src/core/clock.ts'
import { rotateKeys } from '../../src/keys/rotation.ts'
import { type Opened, last, opened, opening } from '../app/bound-uploads.ts'
import { append, creation, head, located } from '../app/rufh-client.ts'
import { PUBLIC_URL, askProved, freshChallenge, proved } from '../app/session-client.ts'
import { type Site, eventually, parsed, startSite } from '../app/site.ts'
import { type SignedPut, signedPut } from '../app/slots.ts'
import { contentOf, halfSent } from '../app/visits.ts'
import { ask, having } from '../app/wire-client.ts'
import { type RedisServer, startRedis } from './redis-servers.ts'
import { tempFolder } from './temp-folder.ts'

const BODY = Buffer.from('0123456789')
const SESSION = '/-/session'

/** A slot of Romeo's. */
function slot(path: string): SignedPut {
  return signedPut(path, BODY, { scheme: 'jwt', user: 'romeo@montague.example' })
}

describe('servers that share a Redis and the master key', () => {
  const stack = new AsyncDisposableStack()
  let redis: RedisServer
  let shared: string
  let a: Site
  let b: Site

  before(async () => {
    redis = stack.use(await startRedis())
    shared = stack.use(await tempFolder('shared')).path
    a = stack.use(await startNode())
    b = stack.use(await startNode())
  })
  after(async () => await stack.disposeAsync())

  async function startNode(...more: readonly string[]): Promise<Site> {
    return await startSite([
      PUBLIC_URL,
      'audit.file=',
      `storage.url=file:${join(shared, 'files')}`,
      'storage.fsync=ack',
      'session_store.backend=redis',
      `session_store.redis_url=redis://127.0.0.1:${redis.port}`,
      `security.master_key=${join(shared, 'master.key')}`,
      ...more,
    ])
  }

  /** A session that was opened on the first server, with four bytes of its upload. */
  async function begun(path: string): Promise<Opened> {
    const made = await opened(a, opening(undefined, slot(path)))
    const part = append(made.target, 8, {
      offset: 0,
      bytes: BODY.subarray(0, 4),
      isComplete: false,
    })
    const { session } = await askProved(a, part, made.session)
    return { ...made, session }
  }

  test('a session that is opened on one server proves itself on the other', async () => {
    const { target, session } = await begun('two/proved.txt')
    assert.equal((await ask(b.port, last(target, 4))).status, 401)
    const { reply } = await askProved(b, last(target, 4), session)
    assert.equal(reply.status, 201)
    assert.deepEqual(await contentOf(a, 'two/proved.txt'), BODY)
  })

  test('a challenge that is redeemed on one server is good for nothing on the other', async () => {
    const { target, session } = await begun('two/once.txt')
    const request = proved(head(target, 8), session)
    const replies = await Promise.all([a, b].map(async ({ port }) => await ask(port, request)))
    const statuses = new Set(replies.map(({ status }) => status))
    assert.deepEqual(statuses, new Set([204, 401]))
  })

  test('a fresh grant of one server is used on the other, and ends those before it on both', async () => {
    const { session } = await begun('two/refreshed.txt')
    const refresh = { method: 'POST', target: `${SESSION}/refresh`, body: '' }
    const one = await askProved(b, refresh, session)
    const two = await askProved(a, refresh, one.session)
    assert.equal(parsed(two.reply.body.toString())['refreshesLeft'], 8)
    const [older, newer] = [one, two].map(({ reply }) => {
      const [, token = ''] = /"token":"([^"]+)"/u.exec(reply.body.toString()) ?? []
      const put = having(slot('two/refreshed.txt'), { Authorization: `Bearer ${token}` })
      return creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
    })
    assert.ok(older && newer)
    const used = await askProved(b, newer, two.session)
    assert.equal(used.reply.status, 201)
    const late = await askProved(a, older, used.session)
    assert.deepEqual([late.reply.status, late.reply.code], [403, 'grant-expired'])
  })

  test('an upload of one server is adopted on the other', async () => {
    const { target, session } = await begun('two/old.txt')
    const empty = creation(slot('two/new.txt'), 8, { bytes: Buffer.alloc(0), isComplete: false })
    const adopting = having(empty, { 'X-Adopt-Upload': target.slice(target.lastIndexOf('/') + 1) })
    const adopted = await askProved(b, adopting, session)
    assert.deepEqual([adopted.reply.status, adopted.reply.headers['upload-offset']], [201, '4'])
    const gone = await askProved(a, head(target, 8), adopted.session)
    assert.equal(gone.reply.status, 410)
    const done = await askProved(a, last(located(adopted.reply), 4), gone.session)
    assert.equal(done.reply.status, 201)
    assert.deepEqual(await contentOf(b, 'two/new.txt'), BODY)
  })

  test('a session that is ended on one server takes along what the other is receiving', async () => {
    const { session } = await begun('two/ended.txt')
    const put = slot('two/ended.txt')
    using wire = await halfSent(a, proved(put, session))
    const next = await freshChallenge(a, session)
    const ended = await askProved(b, { method: 'DELETE', target: SESSION }, { ...session, next })
    assert.equal(ended.reply.status, 204)
    await wire.ended
    const late = await ask(a.port, put)
    assert.deepEqual([late.status, late.headers['x-security-level']], [401, '3'])
  })

  test('a server with another master key says so, and understands no session of the others', async () => {
    const { target, session } = await begun('two/foreign.txt')
    const other = `security.master_key=${join(shared, 'other.key')}`
    await using stranger = await startNode(other)
    assert.match(stranger.log(), /has another master key/u)
    assert.equal((await ask(stranger.port, proved(head(target, 8), session))).status, 401)
    assert.equal((await askProved(a, head(target, 8), session)).reply.status, 204)
    await using back = await startNode()
    assert.match(back.log(), /has another master key/u)
    await using same = await startNode()
    assert.doesNotMatch(same.log(), /has another master key/u)
  })

  test('a new key is copied to every server before it is used, and no session meets one that does not know it', async () => {
    const [one, two] = ['one.key', 'two.key'].map((name) => join(shared, name))
    assert.ok(one !== undefined && two !== undefined)
    await copyFile(join(shared, 'master.key'), one)
    await copyFile(one, two)
    await using c = await startNode(`security.master_key=${one}`)
    await using d = await startNode(`security.master_key=${two}`)
    const first = await opened(c, opening(undefined, slot('two/before.txt')))
    const { activeFrom, kid } = await rotateKeys(keyFileNeeds(c.config, systemClock), 4_000)
    await c.logged('master key added')
    const between = await opened(c, opening(undefined, slot('two/between.txt')))
    const early = await askProved(d, head(between.target, 8), between.session)
    assert.equal(
      early.reply.status,
      204,
      'what is opened before the new key is used needs the old one',
    )
    await copyFile(one, two)
    assert.equal((await d.logged('master key added'))['kid'], kid)
    assert.ok(systemClock() < activeFrom, 'the copy was there in time')
    await pause(activeFrom - systemClock())
    const young = await opened(c, opening(undefined, slot('two/after.txt')))
    const sessions = [first, { ...between, session: early.session }, young]
    for (const { target, session } of sessions) {
      const there = await askProved(d, head(target, 8), session)
      assert.equal(there.reply.status, 204)
      const back = await askProved(c, last(target), there.session)
      assert.equal(back.reply.status, 201)
    }
    for (const { log } of [c, d]) assert.doesNotMatch(log(), /has another master key/u)
  })

  test('without Redis nothing of a session is answered but 503, and all of it holds when Redis is back', async () => {
    const { target, session } = await begun('two/lost.txt')
    const request = last(target, 4)
    await redis.kill()
    for (const asked of [request, proved(request, session), opening(undefined, slot('two/x'))]) {
      const { status, headers } = await ask(b.port, asked)
      assert.deepEqual([status, headers['retry-after']], [503, '10'])
    }
    await redis.start()
    await eventually(async () => (await ask(b.port, request)).status === 401)
    const next = await freshChallenge(a, session)
    const { reply } = await askProved(b, request, { ...session, next })
    assert.equal(reply.status, 201)
  })
})
