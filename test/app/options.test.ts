import { syncCalls } from './sync-calls.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { openMaintenance } from '../../src/app/maintenance.ts'
import { OPTION_ENTRIES } from '../../src/config/options.ts'
import { systemClock } from '../../src/core/clock.ts'
import { scratchFolder, writeCertificate } from '../http/server-fixture.ts'
import {
  type SecretName,
  type Site,
  SECRETS,
  auditOf,
  configOf,
  eventually,
  filesBelow,
  startSite,
  temporaryFolder,
} from './site.ts'
import { ABUSE_PROOFS } from './abuse-proofs.ts'
import { ANOMALY_PROOFS } from './anomaly-proofs.ts'
import { KEY_PROOFS } from './key-proofs.ts'
import { SECURITY_PROOFS } from './security-proofs.ts'
import { SESSION_PROOFS } from './session-proofs.ts'
import { THREAT_PROOFS } from './threat-proofs.ts'
import { creation, informed } from './rufh-client.ts'
import { get, signedDelete, signedPut } from './slots.ts'
import { startTeamSite } from './team-site.ts'
import { halfSent, metricsOf } from './visits.ts'
import { type RawRequest, ask, dial } from './wire-client.ts'

const PUT = signedPut('a/b.txt', 'hello')
const DAY = 86_400_000
const ADMIN = 'admin.listen=127.0.0.1:0'

/** What somebody sees of a site with these options. */
async function seen<T>(
  flags: readonly string[],
  look: (site: Site) => Promise<T>,
  folder?: string,
): Promise<T> {
  await using site = await startSite(flags, folder === undefined ? {} : { folder })
  return await look(site)
}

type Proof = (t: TestContext) => Promise<void>

/** A proof by what somebody sees at each value of the option. */
function shows<T>(
  option: string,
  expected: Readonly<Record<string, T>>,
  look: (site: Site, value: string) => Promise<T>,
): Proof {
  return async () => {
    for (const [value, sight] of Object.entries(expected)) {
      const flags = [`${option}=${value}`, ADMIN]
      assert.deepEqual(await seen(flags, async (site) => await look(site, value)), sight, value)
    }
  }
}

async function putStatus({ port }: Site): Promise<number> {
  return (await ask(port, PUT)).status
}

/** The address that the audit trail has for whoever opens a slot. */
async function auditedAddress(
  flags: readonly string[],
  request: Partial<RawRequest>,
): Promise<unknown> {
  return await seen(flags, async (site) => {
    await ask(site.port, { ...PUT, ...request })
    await site.server.shutdown()
    return (await auditOf(site.folder)).find(({ event }) => event === 'opened')?.['address']
  })
}

async function isAccepted(name: SecretName, { port }: Site): Promise<boolean> {
  const scheme = name === 'token_delete' ? 'token' : name
  const put = await ask(port, signedPut('a/b.txt', 'hello', { scheme }))
  if (name !== 'token_delete') return put.status === 201
  return (await ask(port, signedDelete('a/b.txt'))).status === 204
}

const ANOTHER = 'another-key-of-the-tests-0f'

function secretProof(name: SecretName): Proof {
  const expected = { [SECRETS[name]]: true, [ANOTHER]: false }
  return shows(`grants.${name}_secret`, expected, async (site) => await isAccepted(name, site))
}

function previousProof(name: SecretName): Proof {
  const flagsUntil = (notAfter: string): string[] => [
    `grants.${name}_secret=${ANOTHER}`,
    `grants.${name}_previous=[{ secret = "${SECRETS[name]}", not_after = ${notAfter} }]`,
  ]
  const look = async (site: Site): Promise<boolean> => await isAccepted(name, site)
  return async () => {
    assert.equal(await seen(flagsUntil('2900-01-01T00:00:00Z'), look), true)
    assert.equal(await seen(flagsUntil('2020-01-01T00:00:00Z'), look), false)
  }
}

/** How much is synced while an upload is cut, and while one is completed. */
async function syncs(
  fsync: string,
): Promise<{ cut: boolean; completed: boolean; folder: boolean }> {
  return await seen([`storage.fsync=${fsync}`], async (site) => {
    const before = { ...syncCalls }
    const wire = await halfSent(site, signedPut('c/d.txt', randomBytes(1000)))
    wire.socket.destroy()
    await site.logged('upload interrupted')
    const between = { ...syncCalls }
    await ask(site.port, PUT)
    return {
      cut: between.data > before.data,
      completed: syncCalls.data > between.data,
      folder: syncCalls.folder > between.folder,
    }
  })
}

async function statusAfterRestart(backend: string): Promise<number> {
  await using home = await temporaryFolder()
  const flags = [`session_store.backend=${backend}`]
  await seen(flags, putStatus, home.path)
  return await seen(flags, async ({ port }) => (await ask(port, get('a/b.txt'))).status, home.path)
}

/** Whether a new upload is refused beside one that is open. */
async function isRefusedBeside(flags: readonly string[]): Promise<boolean> {
  return await seen(flags, async (site) => {
    using _open = await halfSent(site, signedPut('c/d.txt', randomBytes(1000)))
    return (await ask(site.port, { ...PUT, from: '127.0.0.2' })).status === 429
  })
}

/** The subject of the certificate that a TLS client is shown. */
async function certificateOf({ port }: Site): Promise<unknown> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

/** The header by which a proxy is told to send a file of 2 MiB. */
async function accelerated(flags: readonly string[], header: string): Promise<string | undefined> {
  return await seen(flags, async ({ port }) => {
    await ask(port, signedPut('c/d.bin', Buffer.alloc(2 * 2 ** 20)))
    return (await ask(port, get('c/d.bin'))).headers[header]
  })
}

/** The status of a request to the admin listener. */
async function adminStatus(flags: readonly string[], request: RawRequest): Promise<number> {
  return await seen(
    [ADMIN, ...flags],
    async ({ adminPort }) => (await ask(adminPort, request)).status,
  )
}

/** For each option: it is set to two values, and somebody can tell them apart. */
const PROOFS: Readonly<Record<string, Proof>> = {
  'server.listen': async () => {
    await seen(['server.listen=unix:./a.sock,127.0.0.1:0'], async ({ folder, server }) => {
      assert.equal((await ask(join(folder, 'a.sock'), PUT)).status, 201)
      assert.equal(server.addresses.length, 2)
    })
    await seen(['server.listen=127.0.0.7:0'], async ({ server }) => {
      assert.deepEqual(
        server.addresses.map((address) => address.kind === 'tcp' && address.host),
        ['127.0.0.7'],
      )
    })
  },
  'server.public_url': shows(
    'server.public_url',
    {
      'https://one.example': 'https://one.example/a',
      'http://two.example/up': 'http://two.example/up/a',
    },
    async ({ port }, url) => {
      const prefix = url.endsWith('/up') ? '/up/' : '/'
      return (await ask(port, signedPut('a', 'hello', { prefix }))).headers['location']
    },
  ),
  'server.client_address': async () => {
    const headers = { 'X-Forwarded-For': '192.0.2.1', Forwarded: 'for=192.0.2.2' }
    const addressBy = async (source: string): Promise<unknown> =>
      await auditedAddress([`server.client_address=${source}`], { headers })
    assert.equal(await addressBy('x-forwarded-for'), '192.0.2.1')
    assert.equal(await addressBy('forwarded'), '192.0.2.2')
    assert.equal(await addressBy('peer'), '127.0.0.1')
  },
  'server.trusted_proxies': async () => {
    const request = { headers: { 'X-Forwarded-For': '192.0.2.1' } }
    const addressBehind = async (networks: string): Promise<unknown> =>
      await auditedAddress([`server.trusted_proxies=${networks}`], request)
    assert.equal(await addressBehind('127.0.0.0/8'), '192.0.2.1')
    assert.equal(await addressBehind('10.0.0.0/8'), '127.0.0.1')
  },
  'server.workers': async () => {
    await using site = await startTeamSite(['server.workers=3'])
    assert.equal(site.workers().length, 3)
    assert.equal((await ask(site.port, PUT)).status, 201)
  },
  'server.shutdown_grace': shows(
    'server.shutdown_grace',
    { '1h': 'HTTP/1.1 201', '0': '' },
    async (site, grace) => {
      const put = signedPut('a/b.txt', randomBytes(1000))
      using wire = await halfSent(site, put)
      const down = site.server.shutdown()
      if (grace === '0') await down
      wire.send(put.body.subarray(500))
      const answer = await wire.ended
      await down
      return answer.toString().slice(0, 12)
    },
  ),
  'server.tls_cert': async () => {
    for (const name of ['one.example', 'two.example']) {
      using scratch = scratchFolder()
      const { certFile, keyFile } = writeCertificate(scratch.path, name)
      const flags = [`server.tls_cert=${certFile}`, `server.tls_key=${keyFile}`]
      assert.equal(await seen(flags, certificateOf), name)
    }
  },
  'server.tls_key': async () => {
    using scratch = scratchFolder()
    using stranger = scratchFolder()
    const { certFile, keyFile } = writeCertificate(scratch.path)
    const { keyFile: wrong } = writeCertificate(stranger.path)
    const startWith = async (key: string): Promise<unknown> =>
      await seen([`server.tls_cert=${certFile}`, `server.tls_key=${key}`], certificateOf)
    assert.equal(await startWith(keyFile), 'localhost')
    await assert.rejects(startWith(wrong))
  },
  ...Object.fromEntries(
    (['v1', 'v2', 'v3', 'token', 'token_delete', 'bearer', 'jwt'] as const).flatMap((name) => [
      [`grants.${name}_secret`, secretProof(name)],
      [`grants.${name}_previous`, previousProof(name)],
    ]),
  ),
  'storage.url': async () => {
    for (const name of ['one', 'two']) {
      await seen([`storage.url=file:./${name}`], async ({ port, folder }) => {
        await ask(port, PUT)
        assert.equal((await filesBelow(join(folder, name))).size, 1)
      })
    }
  },
  'storage.fsync': async () => {
    assert.deepEqual(await syncs('ack'), { cut: true, completed: true, folder: true })
    assert.deepEqual(await syncs('complete'), { cut: false, completed: true, folder: true })
    assert.deepEqual(await syncs('never'), { cut: false, completed: false, folder: false })
  },
  'storage.max_file_size': shows('storage.max_file_size', { '4': 413, '5': 201 }, putStatus),
  'storage.min_free': shows('storage.min_free', { '8000 TB': 507, '1': 201 }, putStatus),
  'session_store.backend': async () => {
    assert.equal(await statusAfterRestart('sqlite'), 200)
    assert.equal(await statusAfterRestart('memory'), 404)
  },
  'session_store.path': async () => {
    for (const name of ['one.db', 'two.db']) {
      await seen([`session_store.path=./${name}`], async ({ folder }) => {
        assert.ok(existsSync(join(folder, name)))
        assert.ok(!existsSync(join(folder, 'data', 'state.db')))
      })
    }
  },
  'session_store.redis_url': async () => {
    const url = 'redis://:hidden@127.0.0.1:1/3'
    const flags = ['session_store.backend=redis', `session_store.redis_url=${url}`]
    await assert.rejects(seen(flags, putStatus), {
      message: /^Redis at redis:\/\/:\(set\)@127\.0\.0\.1:1\/3 cannot be used: .*ECONNREFUSED/u,
    })
  },
  ...SESSION_PROOFS,
  ...SECURITY_PROOFS,
  ...KEY_PROOFS,
  ...ABUSE_PROOFS,
  ...ANOMALY_PROOFS,
  ...THREAT_PROOFS,
  'network_resilience.upload_resumption': shows(
    'network_resilience.upload_resumption',
    { true: [true, 'rufh, tus, content-range'], false: [false, undefined] },
    async ({ port }) => {
      const { headers } = await ask(port, creation(PUT, 6))
      const options = await ask(port, { method: 'OPTIONS', target: '/a/b.txt' })
      return [headers['upload-offset'] === '5', options.headers['x-resume']]
    },
  ),
  'network_resilience.chunk_size': shows(
    'network_resilience.chunk_size',
    // The units of this key alone are binary: 1MB and 1MiB are the same.
    { '1MB': true, '1MiB': true, '16MiB': false },
    async (site) => {
      const { interim } = await informed(site, creation(signedPut('a/c', randomBytes(9e6)), 6))
      const offsets = interim.map((headers) => Number(headers['upload-offset'] ?? 0))
      return offsets.some((offset) => offset >= 2 ** 20)
    },
  ),
  'network_resilience.resume_timeout': async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
    const overdueAfterMinute = async (timeout: string): Promise<number> => {
      await using home = await temporaryFolder()
      const flags = [`network_resilience.resume_timeout=${timeout}`]
      await seen(
        flags,
        async (site) => {
          const wire = await halfSent(site, signedPut('a/b.txt', randomBytes(1000)))
          wire.socket.destroy()
          await site.logged('upload interrupted')
        },
        home.path,
      )
      t.mock.timers.setTime(systemClock() + 60_000)
      await using maintenance = await openMaintenance(configOf(home.path, flags))
      return (await maintenance.engine.overdue(10)).length
    }
    assert.deepEqual([await overdueAfterMinute('59s'), await overdueAfterMinute('61s')], [1, 0])
  },
  'retention.max_age': async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
    const statusAfterTwoDays = async (age: string): Promise<number> =>
      await seen([`retention.max_age=${age}`], async ({ port }) => {
        await ask(port, PUT)
        t.mock.timers.setTime(systemClock() + 2 * DAY)
        return (await ask(port, get('a/b.txt'))).status
      })
    assert.equal(await statusAfterTwoDays('1d'), 404)
    assert.equal(await statusAfterTwoDays('3d'), 200)
    assert.equal(await statusAfterTwoDays('0'), 200)
  },
  'downloads.wait_for_upload': shows(
    'downloads.wait_for_upload',
    { '0': 503, '60s': 200 },
    async (site, wait) => {
      const put = signedPut('a/b.txt', randomBytes(1000))
      using wire = await halfSent(site, put)
      const reader = ask(site.port, get('a/b.txt'))
      if (wait === '0') return (await reader).status
      await eventually(async () => (await metricsOf(site)).includes('hfs_waiting_readers 1\n'))
      wire.send(put.body.subarray(500))
      return (await reader).status
    },
  ),
  'downloads.accel': async () => {
    const accel = async (header: string): Promise<string | undefined> =>
      await accelerated([`downloads.accel=${header}`], header.toLowerCase())
    assert.match((await accel('X-Accel-Redirect')) ?? '', /^\/files\//u)
    assert.match((await accel('X-Sendfile')) ?? '', /^\/.*\/data\/files\/files\//u)
    assert.equal(await accelerated(['downloads.accel=off'], 'x-accel-redirect'), undefined)
  },
  'downloads.accel_prefix': async () => {
    for (const prefix of ['/one/', '/two/']) {
      const flags = ['downloads.accel=X-Accel-Redirect', `downloads.accel_prefix=${prefix}`]
      assert.ok((await accelerated(flags, 'x-accel-redirect'))?.startsWith(`${prefix}files/`))
    }
  },
  'http.fast_lane': shows(
    'http.fast_lane',
    {
      auto: 'hfs_http_lane_requests_total{lane="fast"} 1',
      off: 'hfs_http_lane_requests_total{lane="fast"} 0',
    },
    async (site) => {
      using wire = await dial(site.port)
      wire.send('GET /a/b.txt HTTP/1.1\r\nHost: x\r\n\r\n')
      await wire.until('HTTP/1.1 404 ')
      return /^hfs_http_lane_requests_total.*$/mu.exec(await metricsOf(site))?.[0]
    },
  ),
  'http.interim_104': shows(
    'http.interim_104',
    { auto: [1, 0], always: [1, 1], never: [0, 0] },
    async (site) => {
      const direct = await informed(site, creation(PUT, 6))
      const byProxy = creation(signedPut('c/d.txt', 'hello'), 6)
      const proxied = await informed(site, { ...byProxy, from: '127.0.0.1' })
      return [direct.interim.length, proxied.interim.length]
    },
  ),
  'http.body_idle': async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const answerAfterMinute = async (idle: string): Promise<string> =>
      await seen([`http.body_idle=${idle}`], async (site) => {
        const put = signedPut('a/b.txt', randomBytes(1000))
        using wire = await halfSent(site, { ...put, headers: { Connection: 'close' } })
        t.mock.timers.tick(60_000)
        wire.send(put.body.subarray(500))
        return (await wire.ended).toString().slice(0, 12)
      })
    assert.equal(await answerAfterMinute('30s'), '')
    assert.equal(await answerAfterMinute('90s'), 'HTTP/1.1 201')
  },
  'limits.open_uploads_per_owner': async () => {
    assert.equal(await isRefusedBeside(['limits.open_uploads_per_owner=1']), true)
    assert.equal(await isRefusedBeside(['limits.open_uploads_per_owner=2']), false)
  },
  'limits.reserved_bytes_per_owner': async () => {
    assert.equal(await isRefusedBeside(['limits.reserved_bytes_per_owner=1004']), true)
    assert.equal(await isRefusedBeside(['limits.reserved_bytes_per_owner=1005']), false)
  },
  'log.level': shows('log.level', { info: true, warn: false }, async ({ port, log }) => {
    await ask(port, PUT)
    return log().includes('file published')
  }),
  'log.format': shows('log.format', { json: true, pretty: false }, async ({ port, log }) => {
    await ask(port, PUT)
    assert.match(log(), /file published/u)
    return log().startsWith('{"level":"')
  }),
  'audit.file': async () => {
    await seen(['audit.file=./one.jsonl'], async ({ port, server, folder }) => {
      await ask(port, PUT)
      await server.shutdown()
      assert.equal((await auditOf(folder, 'one.jsonl')).length, 2)
    })
    await seen(['audit.file='], async ({ port, folder }) => {
      await ask(port, PUT)
      assert.ok(!existsSync(join(folder, 'data', 'audit.jsonl')))
    })
  },
  'admin.listen': async () => {
    assert.equal(await seen([ADMIN], async ({ server }) => server.adminAddresses.length), 1)
    assert.equal(
      await seen(['admin.listen='], async ({ server }) => server.adminAddresses.length),
      0,
    )
  },
  'admin.hosts': async () => {
    const request = { method: 'GET', target: '/metrics', headers: { Host: 'hfs.lan' } }
    assert.equal(await adminStatus(['admin.hosts=hfs.lan'], request), 200)
    assert.equal(await adminStatus(['admin.hosts=localhost'], request), 421)
  },
  'admin.token': async () => {
    const headers = { Host: 'localhost', Authorization: `Bearer ${ANOTHER}` }
    const request = { method: 'GET', target: '/nothing', headers }
    assert.equal(await adminStatus([`admin.token=${ANOTHER}`], request), 404)
    assert.equal(await adminStatus([`admin.token=${SECRETS.v1}`], request), 401)
  },
  'privacy.address': async () => {
    const request = { from: '127.0.0.9' }
    const addressAs = async (how: string): Promise<unknown> =>
      await auditedAddress([`privacy.address=${how}`], request)
    assert.equal(await addressAs('full'), '127.0.0.9')
    assert.equal(await addressAs('prefix'), '127.0.0.0/24')
    assert.equal(await addressAs('none'), undefined)
  },
  'privacy.retention': async () => {
    const old = '{"time":"2026-01-31T23:59:59.999Z","event":"opened"}\n'
    for (const [retention, kept] of Object.entries({ '0': old, '365d': undefined })) {
      await using folder = await temporaryFolder()
      const file = join(folder.path, 'audit.jsonl')
      await writeFile(file, old)
      await seen([`audit.file=${file}`, `privacy.retention=${retention}`], async () => {})
      assert.equal((await readFile(file, 'utf8').catch(() => undefined)) || undefined, kept)
    }
  },
}

test('every option there is has a proof below', () => {
  const options = OPTION_ENTRIES.map(({ name }) => name)
  assert.deepEqual(Object.keys(PROOFS).toSorted(), options.toSorted())
})

for (const [name, proof] of Object.entries(PROOFS)) test(`${name} changes what happens`, proof)
