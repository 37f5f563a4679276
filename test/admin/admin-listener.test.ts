import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { startAdminListener } from '../../src/admin/admin-listener.ts'
import type { AdminListener, AdminListenerNeeds } from '../../src/admin/admin-listener.ts'
import { adminExposure } from '../../src/admin/exposure.ts'
import { ListenError } from '../../src/http/binding.ts'
import { createLog } from '../../src/observe/log.ts'

const TOKEN = 'operators-own-token'

interface Started extends AsyncDisposable {
  readonly listener: AdminListener
  readonly log: () => string
  ask(options: RequestOptions): Promise<{ head: IncomingMessage; body: string }>
}

async function started(more: Partial<AdminListenerNeeds> = {}): Promise<Started> {
  let logged = ''
  const write = (line: string): void => {
    logged += line
  }
  const listener = await startAdminListener({
    listen: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    hosts: ['localhost', '127.0.0.1', '[::1]', 'Admin.Example'],
    token: TOKEN,
    metrics: {
      contentType: 'text/plain; version=0.0.4',
      text: () => Promise.resolve('hfs_up 1\n'),
    },
    readiness: {
      live: () => ({ status: 200, body: '{"status":"ok"}\n' }),
      ready: () => Promise.resolve({ status: 503, body: '{"status":"unavailable"}\n' }),
    },
    log: createLog({ level: 'trace', format: 'json', destination: { write }, clock: () => 0 }),
    ...more,
  })
  const where = whereTo(listener)
  return {
    listener,
    log: () => logged,
    async ask(options) {
      const sent = request({ ...where, agent: false, ...options }).end()
      const [head]: IncomingMessage[] = await once(sent, 'response')
      assert.ok(head !== undefined)
      return { head, body: await text(head) }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

function whereTo({ address }: AdminListener): RequestOptions {
  assert.ok(address.kind !== 'fd')
  if (address.kind === 'unix') return { socketPath: address.path }
  return { host: address.host, port: address.port }
}

const SHOWN = { authorization: `Bearer ${TOKEN}` }

test('metrics and health are answered without a token', async () => {
  await using admin = await started()
  const metrics = await admin.ask({ path: '/metrics?x=1' })
  assert.equal(metrics.head.statusCode, 200)
  assert.equal(metrics.head.headers['content-type'], 'text/plain; version=0.0.4')
  assert.equal(metrics.body, 'hfs_up 1\n')
  assert.equal((await admin.ask({ path: '/-/health/live' })).head.statusCode, 200)
  assert.equal((await admin.ask({ path: '/-/health/ready' })).head.statusCode, 503)
})

test('HEAD is answered with the head of GET', async () => {
  await using admin = await started()
  const { head, body } = await admin.ask({ path: '/metrics', method: 'HEAD' })
  assert.equal(head.statusCode, 200)
  assert.equal(head.headers['content-length'], '9')
  assert.equal(body, '')
})

test('any other path is 401 without the token and 404 with it', async () => {
  await using admin = await started()
  const bare = await admin.ask({ path: '/admin/files' })
  assert.equal(bare.head.statusCode, 401)
  assert.equal(bare.head.headers['www-authenticate'], 'Bearer')
  for (const authorization of [
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    'Bearer',
    `Basic ${TOKEN}`,
  ]) {
    const { head } = await admin.ask({ path: '/admin/files', headers: { authorization } })
    assert.equal(head.statusCode, 401, authorization)
  }
  const shown = await admin.ask({ path: '/admin/files', headers: SHOWN })
  assert.equal(shown.head.statusCode, 404)
})

test('without a configured token no token fits', async () => {
  await using admin = await started({ token: undefined })
  for (const authorization of ['Bearer undefined', `Bearer ${TOKEN}`]) {
    const { head } = await admin.ask({ path: '/admin/files', headers: { authorization } })
    assert.equal(head.statusCode, 401)
  }
})

test('D3: who claims to come from this machine gets nothing for it', async () => {
  await using admin = await started()
  const headers = {
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1',
    authorization: 'Basic Og==',
  }
  assert.equal((await admin.ask({ path: '/admin/files', headers })).head.statusCode, 401)
})

test('a Host that is not configured is 421, even for metrics: its name may have been rebound', async () => {
  await using admin = await started()
  const statusFor = async (host: string): Promise<number | undefined> =>
    (await admin.ask({ path: '/metrics', headers: { host, ...SHOWN } })).head.statusCode
  for (const host of [
    'localhost',
    'LOCALHOST:5051',
    '127.0.0.1:80',
    '[::1]:5051',
    'admin.example',
  ]) {
    assert.equal(await statusFor(host), 200, host)
  }
  for (const host of ['evil.example', 'localhost.evil.example', 'localhost@evil.example', '::1']) {
    assert.equal(await statusFor(host), 421, host)
  }
})

test('a page of another origin is 403, and no answer carries a CORS field', async () => {
  await using admin = await started()
  const host = 'localhost:5051'
  for (const origin of ['https://evil.example', 'null', 'http://localhost:8080']) {
    const { head } = await admin.ask({ path: '/metrics', headers: { host, origin, ...SHOWN } })
    assert.equal(head.statusCode, 403, origin)
    assert.equal(head.headers['access-control-allow-origin'], undefined)
  }
  const own = await admin.ask({ path: '/metrics', headers: { host, origin: `http://${host}` } })
  assert.equal(own.head.statusCode, 200)
  assert.equal(own.head.headers['access-control-allow-origin'], undefined)
})

test('metrics and health cannot be written to', async () => {
  await using admin = await started()
  const { head } = await admin.ask({ path: '/metrics', method: 'POST', headers: SHOWN })
  assert.equal(head.statusCode, 405)
  assert.equal(head.headers.allow, 'GET, HEAD')
})

test('D19: a fault answers 500 without its message, and the log has it, without the token', async () => {
  const failure = new Error('/srv/secret/place is gone')
  await using admin = await started({
    metrics: { contentType: 'text/plain', text: () => Promise.reject(failure) },
  })
  const { head, body } = await admin.ask({ path: '/metrics?token=abc', headers: SHOWN })
  assert.equal(head.statusCode, 500)
  assert.ok(!body.includes('/srv'))
  assert.ok(admin.log().includes('/srv/secret/place is gone'))
  assert.ok(!admin.log().includes(TOKEN))
})

test('a UNIX socket has mode 0600, so it needs neither token nor Host', async () => {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'admin-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  const path = join(folder, 'admin.sock')
  await using admin = await started({ listen: { kind: 'unix', path } })
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await admin.ask({ path: '/metrics' })).head.statusCode, 200)
  assert.equal((await admin.ask({ path: '/admin/files' })).head.statusCode, 404)
})

test('a listener that other machines reach does not start without a token', async () => {
  const listen = { kind: 'tcp', host: '0.0.0.0', port: 0 } as const
  assert.match(adminExposure(listen, undefined) ?? '', /admin\.token/u)
  assert.equal(adminExposure(listen, TOKEN), undefined)
  for (const host of [
    '192.0.2.1',
    '::',
    '::ffff:192.0.2.1',
    'example.org',
    'localhost.example.org',
  ]) {
    assert.ok(adminExposure({ kind: 'tcp', host, port: 1 }, undefined), host)
  }
  for (const host of [
    '127.0.0.1',
    '127.8.9.1',
    '::1',
    '::ffff:127.0.0.1',
    'localhost',
    'a.localhost',
  ]) {
    assert.equal(adminExposure({ kind: 'tcp', host, port: 1 }, undefined), undefined, host)
  }
  assert.ok(adminExposure({ kind: 'fd', fd: 3 }, undefined))
  assert.equal(adminExposure({ kind: 'unix', path: '/run/x' }, undefined), undefined)
})

test('a start on an occupied port rejects', async () => {
  await using admin = await started()
  await assert.rejects(started({ listen: admin.listener.address }), ListenError)
})

test('disposing ends open connections and frees the port', async () => {
  const admin = await started()
  const sent = request({
    ...whereTo(admin.listener),
    method: 'POST',
    path: '/metrics',
  })
  sent.write('x')
  const gone = Promise.race([once(sent, 'close'), once(sent, 'error')])
  await once(sent, 'response')
  await admin[Symbol.asyncDispose]()
  await gone
  await assert.rejects(admin.ask({ path: '/metrics' }), { code: 'ECONNREFUSED' })
})
