import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { OPTION_ENTRIES } from '../../src/config/options.ts'
import { systemClock } from '../../src/core/clock.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Site, SECRETS, auditOf, configOf, startSite, temporaryFolder } from './site.ts'
import { get, signedPut } from './slots.ts'
import { halfSent } from './visits.ts'
import { ask } from './wire-client.ts'

const NEW_SECRET = 'another-key-of-the-tests-0f'

async function lineWith(lines: AsyncIterator<string>, text: string): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next()
    assert.ok(done !== true, `ended without "${text}"`)
    if (value.includes(text)) return value
  }
}

async function reload({ server, folder }: Site, flags: readonly string[]): Promise<void> {
  await server.reload(configOf(folder, flags))
}

test('a new secret is accepted at once, the old one as long as it is listed', async () => {
  await using site = await startSite()
  const status = async (path: string, secret: string): Promise<number> =>
    (await ask(site.port, signedPut(path, 'hello', { secret }))).status
  const changed = `grants.v1_secret=${NEW_SECRET}`
  const previous = `[{ secret = "${SECRETS.v1}", not_after = 2900-01-01T00:00:00Z }]`
  await reload(site, [changed, `grants.v1_previous=${previous}`])
  assert.equal(await status('a/1', NEW_SECRET), 201)
  assert.equal(await status('a/2', SECRETS.v1), 201)
  await reload(site, [changed])
  assert.equal(await status('a/3', NEW_SECRET), 201)
  assert.equal(await status('a/4', SECRETS.v1), 403)
  assert.ok(!site.log().includes(NEW_SECRET), 'a secret in the log')
})

test('an upload that runs goes on, whatever is reloaded meanwhile', async () => {
  await using site = await startSite()
  const put = signedPut('a/b.bin', randomBytes(100_000))
  using wire = await halfSent(site, put)
  await reload(site, [`grants.v1_secret=${NEW_SECRET}`, 'storage.max_file_size=10'])
  wire.send(put.body.subarray(50_000))
  await wire.until('HTTP/1.1 201 ')
})

test('limits and waiting times are those of the new configuration', async () => {
  await using site = await startSite()
  const put = async (path: string): Promise<number> =>
    (await ask(site.port, { ...signedPut(path, 'hello'), from: '127.0.0.2' })).status
  using _open = await halfSent(site, signedPut('open/slot', randomBytes(1000)))
  const expected = [
    ['storage.max_file_size=4', 413],
    ['storage.min_free=8000 TB', 507],
    ['limits.open_uploads_per_owner=1', 429],
    ['limits.reserved_bytes_per_owner=1000', 429],
    ['log.level=info', 201],
  ] as const
  for (const [flag, status] of expected) {
    await reload(site, [flag])
    assert.equal(await put(`a/${status}`), status, flag)
  }
  await reload(site, ['downloads.wait_for_upload=0'])
  assert.equal((await ask(site.port, get('open/slot'))).status, 503)
})

test('the log is as loud as the new configuration says', async () => {
  await using site = await startSite(['log.level=warn'])
  await ask(site.port, signedPut('a/b', 'hello'))
  assert.equal(site.log(), '')
  await reload(site, ['log.level=debug'])
  assert.ok(site.server.log.isLevelEnabled('debug'), 'what a reload itself logs follows, too')
  await ask(site.port, get('a/b'))
  await site.logged('request finished')
})

test('what needs a restart keeps its value and is named in one warning', async () => {
  await using site = await startSite()
  await reload(site, [
    'server.public_url=https://new.example/up/',
    'storage.fsync=ack',
    'storage.max_file_size=4',
    'audit.file=./new.jsonl',
  ])
  const warning = await site.logged('changed options that need a restart keep their old value')
  assert.equal(warning['level'], 'warn')
  assert.deepEqual(warning['options'], ['server.public_url', 'storage.fsync', 'audit.file'])
  assert.deepEqual((await site.logged('configuration reloaded'))['changed'], [
    'storage.max_file_size',
  ])
  const { status, headers } = await ask(site.port, signedPut('a/b', 'four'))
  assert.equal(status, 201)
  assert.equal(headers['location'], 'http://127.0.0.1:5050/a/b')
})

test('a reload that changes nothing warns of nothing', async () => {
  await using site = await startSite()
  await reload(site, [])
  assert.deepEqual((await site.logged('configuration reloaded'))['changed'], [])
  assert.ok(!site.log().includes('restart'))
})

test('the audit file is opened anew; if that fails, lines go on to the old one', async () => {
  await using site = await startSite()
  const file = join(site.folder, 'data', 'audit.jsonl')
  await rename(file, `${file}.1`)
  await reload(site, [])
  await ask(site.port, signedPut('a/1', 'hello'))
  await rename(join(site.folder, 'data'), join(site.folder, 'away'))
  await reload(site, [])
  await site.logged('audit file not opened anew: lines go to the old one')
  await rename(join(site.folder, 'away'), join(site.folder, 'data'))
  await ask(site.port, signedPut('a/2', 'hello'))
  await site.server.shutdown()
  const events = (await auditOf(site.folder)).map(({ event }) => event)
  assert.deepEqual(events, ['opened', 'published', 'opened', 'published'])
})

test('what can be reloaded is what can change under a running upload', () => {
  const names = OPTION_ENTRIES.filter(({ option }) => option.reload).map(({ name }) => name)
  assert.deepEqual(
    names.filter((name) => !name.startsWith('grants.')),
    [
      'storage.max_file_size',
      'storage.min_free',
      'session_store.enabled',
      'session_store.max_sessions',
      'session_store.max_session_age',
      'network_resilience.enabled',
      'network_resilience.session_recovery',
      'network_resilience.max_token_refreshes',
      'network_resilience.upload_resumption',
      'network_resilience.chunk_size',
      'network_resilience.resume_timeout',
      'security.enhanced_security',
      'security.unbound',
      'security.challenge_on_network_change',
      'security.standby_threshold_minutes',
      'security.reauth_on_long_standby',
      'security.long_standby_threshold_hours',
      'security.network_change_limit',
      'security.network_change_window',
      'security.challenge_window',
      'security.challenge_address',
      'keys.rotate_every',
      'keys.activation_delay',
      'geo.country_change',
      'geo.max_speed_kmh',
      'anomaly.enabled',
      'anomaly.level_2_score',
      'anomaly.level_3_score',
      'anomaly.half_life',
      'anomaly.warm_up',
      'threats.grant_on_two_networks',
      'threats.session_in_two_countries',
      'threats.failing_proofs',
      'threats.uploads_deleted_for_abuse',
      'threats.duration',
      'threats.returns',
      'threats.return_within',
      'threats.returns_window',
      'threats.failing_sessions',
      'threats.failing_window',
      'threats.abuse_deletes',
      'threats.abuse_share',
      'threats.abuse_window',
      'retention.max_age',
      'downloads.wait_for_upload',
      'http.interim_104',
      'limits.open_uploads_per_owner',
      'limits.reserved_bytes_per_owner',
      'limits.failures_per_network',
      'limits.failures_per_session',
      'limits.failure_window',
      'limits.failure_block',
      'limits.uploads_per_user',
      'limits.uploads_window',
      'limits.banned_networks',
      'limits.banned_users',
      'log.level',
    ],
  )
})

test('SIGHUP reads the file again; a broken one changes nothing and is reported', async (t) => {
  await using home = await temporaryFolder()
  const file = join(home.path, 'hfs.toml')
  const write = async (secret: string): Promise<void> =>
    await writeFile(file, `[grants]\nv1_secret = "${secret}"\n[storage]\nmin_free = 0\n`)
  await write(SECRETS.v1)
  const program = fileURLToPath(new URL('../../bin/hmac-file-server.js', import.meta.url))
  const settings = ['--set', 'server.listen=127.0.0.1:0', '--set', 'admin.listen=']
  const child = spawn(process.execPath, [program, 'serve', '--config', file, ...settings], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const out = createInterface(child.stdout)[Symbol.asyncIterator]()
  const err = createInterface(child.stderr)[Symbol.asyncIterator]()
  const port = Number((await lineWith(out, 'Listening on ')).split(':').at(-1))
  const status = async (path: string, secret: string): Promise<number> =>
    (await ask(port, signedPut(path, 'hello', { secret }))).status
  assert.equal(await status('a/1', SECRETS.v1), 201)

  await write(NEW_SECRET)
  child.kill('SIGHUP')
  await lineWith(err, 'configuration reloaded')
  assert.equal(await status('a/2', NEW_SECRET), 201)
  assert.equal(await status('a/3', SECRETS.v1), 403)

  await write('short')
  child.kill('SIGHUP')
  const report = await lineWith(err, 'configuration not reloaded')
  assert.match(report, /grants\.v1_secret.*less than 16 bytes/u)
  assert.equal(await status('a/4', NEW_SECRET), 201)

  await rm(file)
  child.kill('SIGHUP')
  assert.match(await lineWith(err, 'configuration not reloaded'), /ENOENT/u)
  assert.equal(await status('a/5', NEW_SECRET), 201)
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
})

test('session recovery can be switched off and on under a running server', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  await using site = await startSite()
  const put = largePut()
  await cutUpload(site, put)
  t.mock.timers.setTime(systemClock() + 3_600_000)
  await reload(site, ['network_resilience.session_recovery=false'])
  assert.equal((await ask(site.port, put)).status, 403)
  await reload(site, [])
  assert.equal((await ask(site.port, put)).status, 201)
})

test('what counts as suspicious, and who is banned, can change under a running server', async () => {
  await using site = await startSite()
  const put = largePut()
  await cutUpload(site, put)
  const moved = { ...put, from: '127.0.1.2' }
  await reload(site, ['security.unbound=strict'])
  assert.equal((await ask(site.port, moved)).status, 401)
  await reload(site, ['limits.banned_networks=127.0.1.0/24'])
  assert.equal((await ask(site.port, moved)).code, 'banned')
  await reload(site, [])
  assert.equal((await ask(site.port, moved)).status, 201)
})
