import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '../../src/core/clock.ts'
import { COUNTRY_DATABASE } from '../risk/country-database.ts'
import { runCli, temporaryFolder } from './cli-run.ts'

const SECRET = 'kQ8yVnZ2rT5wX1aB'

test('check explains every problem of a configuration and exits with 1', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'hfs.toml'), '[log]\nlevel = "loud"\n[retention]\nmax_age = 30\n')
  const { code, err } = await runCli(['check', '--config', 'hfs.toml'], cwd)
  assert.equal(code, 1)
  assert.match(err, /The configuration has 3 problems/u)
  assert.match(err, /hfs\.toml:2: log\.level: "loud": /u)
  assert.match(err, /hfs\.toml:4: retention\.max_age: 30: a duration needs a unit/u)
  assert.match(err, /no secret is set/u)
})

test('check --json prints the problems, or the options in effect without secrets', async (t) => {
  const cwd = await temporaryFolder(t)
  const bad = await runCli(['check', '--json', '--set', 'log.level=loud'], cwd)
  assert.equal(bad.code, 1)
  assert.match(bad.out, /"ok": false[^]*"option": "log\.level"/u)

  const good = await runCli(['check', '--json'], cwd, { env: { HFS_GRANTS_V2_SECRET: SECRET } })
  assert.equal(good.code, 0, good.out)
  assert.match(good.out, /"ok": true[^]*"source": "HFS_GRANTS_V2_SECRET"/u)
  assert.ok(!good.out.includes(SECRET))
})

test('check reports a listener that others reach under a URL of this machine', async (t) => {
  const cwd = await temporaryFolder(t)
  const { out } = await runCli(['check', '--set', 'server.listen=0.0.0.0:5050'], cwd)
  assert.match(out, /warning: .*names this machine only/u)
})

test('check says where data goes and how much room there is, and creates nothing', async (t) => {
  const cwd = await temporaryFolder(t)
  await mkdir(join(cwd, 'data'))
  const settings = ['--set', 'storage.min_free=5 TiB', '--set', 'session_store.backend=memory']
  const { out } = await runCli(['check', ...settings], cwd)
  assert.match(out, /ok: storage\.url: .*data\/files does not exist yet, .* free, less than/u)
  assert.match(out, /ok: audit\.file: .*data exists, this user may write there/u)
  assert.ok(!out.includes('session_store.path: '))
})

test('a place that cannot be written to makes check fail', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'plain'), '')
  const settings = ['--set', `storage.url=file:${cwd}/plain/files`]
  const { code, out } = await runCli(['check', ...settings], cwd)
  assert.equal(code, 1)
  assert.match(out, /error: storage\.url: .*this user may not write there/u)
})

test('check says that a Redis cannot be reached, without its password, and exits with 1', async (t) => {
  const cwd = await temporaryFolder(t)
  const url = 'redis://someone:hidden@127.0.0.1:1'
  const settings = [
    '--set',
    'session_store.backend=redis',
    '--set',
    `session_store.redis_url=${url}`,
  ]
  const text = await runCli(['check', ...settings], cwd)
  assert.equal(text.code, 1)
  assert.match(text.out, /redis_url = "redis:\/\/someone:\(set\)@127\.0\.0\.1:1"/u)
  assert.match(
    text.out,
    /error: session_store\.redis_url: Redis at .* cannot be used: .*ECONNREFUSED/u,
  )
  const json = await runCli(['check', '--json', ...settings], cwd)
  assert.equal(json.code, 1)
  for (const out of [text.out, json.out]) assert.ok(!out.includes('hidden'))
})

test('check misses the place of Redis when it is the backend', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['check', '--set', 'session_store.backend=redis'], cwd)
  assert.equal(code, 1)
  assert.match(err, /redis backend needs to know where Redis is.*\n?.*redis:\/\/127\.0\.0\.1:6379/u)
})

/** What each file of keys makes check, and a start, say. */
const KEY_FILES: readonly { what: string; make: (file: string) => Promise<void>; says: RegExp }[] =
  [
    {
      what: 'that others can read',
      make: async (file) => await writeFile(file, '', { mode: 0o640 }),
      says: /open to other users than its owner; close it with: chmod 600 /u,
    },
    {
      what: 'that is damaged',
      make: async (file) => await writeFile(file, 'no key\n', { mode: 0o600 }),
      says: /line 1 is no key\. Put a copy of it back, or remove it: then a new key is made/u,
    },
    {
      what: 'that cannot be read',
      make: async (file) => await symlink(file, file),
      says: /cannot be used: ELOOP/u,
    },
  ]

for (const { what, make, says } of KEY_FILES) {
  test(`a file of master keys ${what} makes check and the start fail, and both say what to do`, async (t) => {
    const cwd = await temporaryFolder(t)
    await mkdir(join(cwd, 'data'))
    await make(join(cwd, 'data', 'master.key'))
    const checked = await runCli(['check', ...HERE], cwd)
    assert.equal(checked.code, 1)
    assert.match(checked.out, /error: security\.master_key: The master key file .*master\.key /u)
    assert.match(checked.out, says)
    const served = await runCli(['serve', ...HERE], cwd)
    assert.equal(served.code, 1)
    assert.match(served.err, says)
  })
}

test('check makes no master key, and says of a missing one that the start does', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, out } = await runCli(['check', ...HERE], cwd)
  assert.equal(code, 0)
  assert.match(out, /note: security\.master_key: .*master\.key is made at the first start/u)
  assert.equal((await runCli(['serve', ...HERE], cwd)).code, 0)
  const again = await runCli(['check', ...HERE], cwd)
  assert.equal(again.code, 0)
  assert.ok(!again.out.includes('first start'))
})

test('check says which suspicions need a database, and which database there is', async (t) => {
  const cwd = await temporaryFolder(t)
  const without = await runCli(['check', ...HERE], cwd)
  assert.equal(without.code, 0)
  assert.match(without.out, /note: geo\.city_database: not set: geo\.country_change and/u)
  assert.match(without.out, /note: geo\.asn_database: not set: audit and metrics do not tell/u)

  const sought = ['--set', 'threats.session_in_two_countries=watch']
  const threats = await runCli(['check', ...HERE, ...sought], cwd)
  assert.match(
    threats.out,
    /note: geo\.city_database: not set: .* and threats\.session_in_two_countries have no effect/u,
  )

  const set = ['--set', `geo.city_database=${COUNTRY_DATABASE}`]
  const { out } = await runCli(['check', ...HERE, ...set], cwd)
  assert.match(out, /note: geo\.city_database: .* is country ipvAll, built on 20\d\d-\d\d-\d\d\n/u)
  assert.ok(!out.includes('geo.city_database: not set:'))
})

test('a database that cannot be read makes check fail', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'asn.mmdb'), 'no database')
  const { code, out } = await runCli(
    ['check', ...HERE, '--set', 'geo.asn_database=./asn.mmdb'],
    cwd,
  )
  assert.equal(code, 1)
  assert.match(out, /error: geo\.asn_database: The database .*asn\.mmdb cannot be used/u)
})

const HERE = ['--set', 'server.listen=127.0.0.1:0', '--set', 'admin.listen=']

/** Writes a fresh self-signed certificate for `names`; resolves to the settings that use it. */
async function tlsIn(
  cwd: string,
  { names = 'DNS:upload.example.org', days = 90 } = {},
): Promise<string[]> {
  const [cert, key] = [join(cwd, 'cert.pem'), join(cwd, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names}`, '-days', `${days}`]
  const files = ['-keyout', key, '-out', cert]
  await promisify(execFile)('openssl', ['req', '-x509', '-nodes', ...curve, ...subject, ...files])
  const settings = [`server.tls_cert=${cert}`, `server.tls_key=${key}`]
  const url = 'server.public_url=https://upload.example.org/'
  return [...HERE, ...[...settings, url].flatMap((setting) => ['--set', setting])]
}

test('check finds nothing wrong with a good certificate and free addresses', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, out } = await runCli(['check', ...(await tlsIn(cwd))], cwd)
  assert.equal(code, 0, out)
  assert.ok(!/^(?:error|warning|note): server/mu.test(out), out)
})

test('check says which of the TLS files is missing, is none, or belongs to another', async (t) => {
  const cwd = await temporaryFolder(t)
  const settings = await tlsIn(cwd)
  const outOf = async (): Promise<string> => {
    const { code, out } = await runCli(['check', ...settings], cwd)
    assert.equal(code, 1, out)
    assert.match(out, /The server could not start\./u)
    return out
  }
  const key = await readFile(join(cwd, 'key.pem'))
  await writeFile(join(cwd, 'key.pem'), 'junk')
  assert.match(await outOf(), /error: server\.tls_key: .*key\.pem does not hold a private key/u)
  await rm(join(cwd, 'key.pem'))
  assert.match(
    await outOf(),
    /error: server\.tls_key: .*key\.pem cannot be read: there is no such/u,
  )
  await tlsIn(cwd)
  await writeFile(join(cwd, 'key.pem'), key)
  assert.match(await outOf(), /error: server\.tls_key: .*is the key of another certificate/u)
  await writeFile(join(cwd, 'cert.pem'), 'junk')
  assert.match(await outOf(), /error: server\.tls_cert: .*cert\.pem does not hold a certificate/u)
})

test('check warns of a certificate that ends soon, has ended, or is for another host', async (t) => {
  const cwd = await temporaryFolder(t)
  const soon = await runCli(['check', ...(await tlsIn(cwd, { days: 5 }))], cwd)
  assert.equal(soon.code, 0)
  assert.match(soon.out, /warning: server\.tls_cert: the certificate expires on \d{4}-\d\d-\d\d:/u)
  const other = await runCli(['check', ...(await tlsIn(cwd, { names: 'DNS:example.org' }))], cwd)
  assert.equal(other.code, 0)
  assert.match(other.out, /warning: server\.tls_cert: .*not for upload\.example\.org/u)
  const settings = await tlsIn(cwd, { days: 1 })
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() + 2 * 86_400_000 })
  const ended = await runCli(['check', '--json', ...settings], cwd)
  assert.equal(ended.code, 0)
  assert.match(ended.out, /"warnings": \[\s*"server\.tls_cert: the certificate expired on /u)
})

test('check notes that something listens already, and leaves it alone', async (t) => {
  const cwd = await temporaryFolder(t)
  await using tcp = createServer()
  await using unix = createServer()
  await once(tcp.listen(0, '127.0.0.1'), 'listening')
  await once(unix.listen(join(cwd, 'admin.sock')), 'listening')
  const bound = tcp.address()
  assert.ok(typeof bound === 'object' && bound !== null)
  const listen = `server.listen=127.0.0.1:${bound.port}`
  const settings = ['--set', listen, '--set', `admin.listen=unix:${cwd}/admin.sock`]
  const { code, out } = await runCli(['check', ...settings], cwd)
  assert.equal(code, 0, out)
  assert.match(out, /note: server\.listen: 127\.0\.0\.1:\d+: something listens there already/u)
  assert.match(out, /note: admin\.listen: unix:.*\/admin\.sock: something listens there already/u)
  assert.ok(tcp.listening && unix.listening)
})

test('check says which addresses cannot be listened on, and why', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'plain'), '')
  const cases = [
    [
      '192.0.2.1:5050',
      /error: server\.listen: 192\.0\.2\.1:5050: this machine does not have the address/u,
    ],
    [`unix:${cwd}/none/socket`, /error: server\.listen: unix:.*: the folder does not exist/u],
    [`unix:${cwd}/plain`, /error: server\.listen: unix:.*: a file that is no socket lies there/u],
  ] as const
  for (const [address, expected] of cases) {
    const settings = ['--set', `server.listen=${address}`, '--set', 'admin.listen=']
    const { code, out } = await runCli(['check', ...settings], cwd)
    assert.equal(code, 1, address)
    assert.match(out, expected)
  }
})

test('check judges an admin listener as serve does: a socket that is passed on needs a token', async (t) => {
  const cwd = await temporaryFolder(t)
  const open = await runCli(['check', '--set', 'admin.listen=fd:3'], cwd)
  assert.equal(open.code, 1)
  assert.match(open.err, /fd:3 may be open to other machines and admin\.token is not set/u)
  const local = await runCli(['check', '--set', 'admin.listen=localhost:0'], cwd)
  assert.equal(local.code, 0, local.err)
})
