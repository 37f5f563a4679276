/** Sessions with a key over several servers that share a Redis, files and a master key. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BODY, MOBILE, last, opening } from '../app/bound-uploads.ts'
import { append, creation, head, located } from '../app/rufh-client.ts'
import { type HeldSession, hmacClient, proved, toldSession } from '../app/session-client.ts'
import { signedPut } from '../app/slots.ts'
import { type RawRequest, type Reply, ask, having } from '../app/wire-client.ts'
import { type FileServer, SECRETS, startFileServer } from './file-server.ts'
import { type RedisServer, startRedis } from './redis-servers.ts'
import { tempFolder } from './temp-folder.ts'

const TIMES = 16
const ROMEO = 'romeo@montague.example'

describe('servers that share a Redis and a master key', () => {
  const stack = new AsyncDisposableStack()
  let redis: RedisServer
  let a: FileServer
  let b: FileServer

  before(async () => {
    redis = stack.use(await startRedis())
    const { path } = stack.use(await tempFolder('shared'))
    const startNode = async (): Promise<FileServer> =>
      stack.use(
        await startFileServer({
          publicUrl: 'http://files.example/',
          config: {
            storage: { url: `file:${join(path, 'files')}`, fsync: 'ack' },
            security: { master_key: join(path, 'master.key') },
            session_store: { backend: 'redis', redis_url: `redis://127.0.0.1:${redis.port}` },
          },
        }),
      )
    a = await startNode()
    b = await startNode()
  })
  after(async () => await stack.disposeAsync())

  async function opened(path: string): Promise<{ target: string; session: HeldSession }> {
    const put = signedPut(path, BODY, { scheme: 'jwt', secret: SECRETS.jwt, user: ROMEO })
    const reply = await ask(a.port, opening(undefined, put))
    assert.equal(reply.status, 201, reply.body.toString())
    return { target: located(reply), session: toldSession(reply) }
  }

  /** Shows a request to both servers, again and again, all at once. */
  async function shownToBoth(request: RawRequest): Promise<readonly Reply[]> {
    const ports = Array.from({ length: TIMES }, (_, at) => (at % 2 ? a : b).port)
    return await Promise.all(ports.map(async (port) => await ask(port, request)))
  }

  test('of one answer that is shown to both at once, one is taken', async () => {
    const { target, session } = await opened('replay/1.bin')
    const client = hmacClient(a, session)
    const request = client.prove({ ...head(target, 8), from: MOBILE })
    assert.ok(request)
    const statuses = (await shownToBoth(request)).map(({ status }) => status)
    assert.deepEqual(
      statuses.toSorted((one, other) => one - other),
      [204, ...Array.from({ length: TIMES - 1 }, () => 401)],
    )
    assert.equal((await client.ask(last(target))).status, 201)
  })

  test('an answer that one of them took is refused by the other, later, too', async () => {
    const { target, session } = await opened('replay/2.bin')
    const request = proved(head(target, 8), session)
    assert.equal((await ask(a.port, request)).status, 204)
    for (const { port } of [b, a]) assert.equal((await ask(port, request)).status, 401)
  })

  test('a client goes on at the other server with what the first one told it', async () => {
    const { target, session } = await opened('move/1.bin')
    const part = append(target, 8, { offset: 0, bytes: BODY.subarray(0, 4), isComplete: false })
    const first = await ask(a.port, proved(part, session))
    assert.equal(first.status, 204)
    const client = hmacClient(b, { ...session, next: first.headers['x-next-challenge'] ?? '' })
    const found = await client.ask({ ...head(target, 8), from: MOBILE })
    assert.deepEqual([found.status, found.headers['upload-offset']], [204, '4'])
    assert.equal((await client.ask(last(target, 4))).status, 201)
  })

  test('an upload of one server is adopted at the other', async () => {
    const { target, session } = await opened('adopt/1.bin')
    const part = append(target, 8, { offset: 0, bytes: BODY.subarray(0, 4), isComplete: false })
    const first = await ask(a.port, proved(part, session))
    const client = hmacClient(b, { ...session, next: first.headers['x-next-challenge'] ?? '' })
    const how = { scheme: 'jwt', secret: SECRETS.jwt, user: ROMEO } as const
    const put = signedPut('adopt/2.bin', BODY, how)
    const empty = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
    const adopted = await client.ask(
      having(empty, { 'X-Adopt-Upload': target.slice('/-/uploads/'.length) }),
    )
    assert.deepEqual([adopted.status, adopted.headers['upload-offset']], [201, '4'])
    assert.equal((await client.ask(last(located(adopted), 4))).status, 201)
    const gone = hmacClient(a, { ...session, next: '' })
    assert.equal((await gone.ask(head(target, 8))).status, 410)
  })
})
