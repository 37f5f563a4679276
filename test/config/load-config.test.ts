import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import { embeddedDefaults } from '../../src/config/embedded-defaults.ts'
import { loadConfig, type ConfigSources } from '../../src/config/load-config.ts'
import { camelCase, type Config, OPTION_ENTRIES } from '../../src/config/options.ts'
import { ConfigError, type Problem } from '../../src/config/problem.ts'
import { redact, shownValue } from '../../src/config/redact.ts'

const SECRET = 'kQ8yVnZ2rT5wX1aB'
const NOWHERE = { env: {}, flags: [], cwd: '/nowhere' }

async function folderWith(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hfs-config-'))
  t.after(async () => await rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: 0o600 })
  }
  return folder
}

function problemsOf(sources: Partial<ConfigSources>): readonly Problem[] {
  try {
    loadConfig({ ...NOWHERE, ...sources })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

/** The problems of one option, set by a flag beside a valid secret. */
function problemsWith(...flags: readonly string[]): readonly Problem[] {
  return problemsOf({ flags: [`grants.v2_secret=${SECRET}`, ...flags] })
}

function configWith(...flags: readonly string[]): Config {
  return loadConfig({ ...NOWHERE, flags: [`grants.v2_secret=${SECRET}`, ...flags] }).config
}

test('without anything but a secret every option has its default', () => {
  const { config } = loadConfig({ ...NOWHERE, flags: [`grants.v2_secret=${SECRET}`] })
  assert.deepEqual(config.server.listen, [{ kind: 'tcp', host: '127.0.0.1', port: 5050 }])
  assert.equal(config.server.publicUrl.href, 'http://127.0.0.1:5050/')
  assert.deepEqual(config.server.trustedProxies, ['127.0.0.1/32', '::1/128'])
  assert.equal(config.server.shutdownGrace, 30_000)
  assert.equal(config.server.tlsCert, undefined)
  assert.deepEqual(config.storage, {
    url: { kind: 'file', folder: '/nowhere/data/files' },
    fsync: 'ack',
    maxFileSize: 100 * 1024 ** 2,
    minFree: 1024 ** 3,
  })
  assert.deepEqual(config.sessionStore, {
    backend: 'sqlite',
    path: '/nowhere/data/state.db',
    redisUrl: undefined,
    enabled: true,
    maxSessions: 10_000,
    cleanupInterval: 30 * 60_000,
    maxSessionAge: 72 * 3_600_000,
  })
  assert.equal(config.networkResilience.resumeTimeout, 600_000)
  assert.deepEqual(config.security, {
    enhancedSecurity: true,
    unbound: 'lenient',
    challengeOnNetworkChange: true,
    standbyThresholdMinutes: 30,
    reauthOnLongStandby: true,
    longStandbyThresholdHours: 2,
    networkChangeLimit: 3,
    networkChangeWindow: 3_600_000,
    challengeWindow: 300_000,
    challengeAddress: 'off',
    masterKey: '/nowhere/data/master.key',
  })
  assert.deepEqual(config.geo, {
    asnDatabase: undefined,
    cityDatabase: undefined,
    countryChange: 'challenge',
    maxSpeedKmh: 1000,
  })
  assert.equal(config.retention.maxAge, 30 * 86_400_000)
  assert.deepEqual(config.downloads, { waitForUpload: 4000, accel: 'off', accelPrefix: '/' })
  assert.equal(config.http.bodyIdle, 120_000)
  assert.deepEqual(config.limits, {
    openUploadsPerOwner: 32,
    reservedBytesPerOwner: 4 * 1024 ** 3,
    failuresPerNetwork: 300,
    failuresPerSession: 30,
    failureWindow: 300_000,
    failureBlock: 60_000,
    uploadsPerUser: 1000,
    uploadsWindow: 600_000,
    bannedNetworks: [],
    bannedUsers: [],
  })
  assert.deepEqual(config.log, { level: 'info', format: 'auto' })
  assert.equal(config.audit.file, '/nowhere/data/audit.jsonl')
  assert.deepEqual(config.admin.hosts, ['localhost', '127.0.0.1', '[::1]'])
  assert.equal(config.privacy.address, 'prefix')
})

test('a flag wins over the environment, the environment over the file, the file over the default', async (t) => {
  const folder = await folderWith(t, {
    'hfs.toml': `[log]\nlevel = "warn"\nformat = "json"\n[http]\nbody_idle = "5s"\n[grants]\nv1_secret = "${SECRET}"`,
  })
  const { config, sources } = loadConfig({
    file: 'hfs.toml',
    env: { HFS_LOG_LEVEL: 'error', HFS_LOG_FORMAT: 'pretty' },
    flags: ['log.level=debug'],
    cwd: folder,
  })
  assert.deepEqual(config.log, { level: 'debug', format: 'pretty' })
  assert.equal(config.http.bodyIdle, 5000)
  assert.deepEqual(sources.get('log.level'), { kind: 'flag', place: '--set log.level' })
  assert.deepEqual(sources.get('log.format'), { kind: 'environment', place: 'HFS_LOG_FORMAT' })
  assert.equal(sources.get('http.body_idle')?.place, `${join(folder, 'hfs.toml')}:5`)
  assert.equal(sources.get('http.body_idle')?.kind, 'file')
  assert.equal(sources.get('privacy.address')?.kind, 'default')
})

test('all problems of a file are reported together, each with its line', async (t) => {
  const folder = await folderWith(t, {
    'hfs.toml': [
      '[server]',
      'public_ur = "https://example.org/"',
      'tls_cert = "cert.pem"',
      '[storag]',
      'url = "file:x"',
      '[storage]',
      'fsync = "sometimes"',
      'max_file_size = "6 TiB"',
      '[grants]',
      'v1_secret = "${SECRET}"',
    ].join('\n'),
  })
  const file = join(folder, 'hfs.toml')
  const problems = problemsOf({ file, env: { HFS_LOG_LEVL: 'info' }, cwd: folder })
  assert.deepEqual(
    problems.map(({ place, option, remedy }) => [place.replace(file, ''), option, remedy]),
    [
      [':2', 'server.public_ur', 'did you mean "server.public_url"?'],
      [':4', 'storag', 'did you mean "storage"?'],
      ['environment', 'HFS_LOG_LEVL', 'did you mean HFS_LOG_LEVEL?'],
      [':10', 'grants.v1_secret', 'write "env:NAME"'],
      [':7', 'storage.fsync', 'write for example fsync = "ack"'],
      [':8', 'storage.max_file_size', 'write for example max_file_size = "100 MiB"'],
      [':3', 'server.tls_cert', 'set tls_key too'],
    ].toSorted((a, b) => order(a, problems) - order(b, problems)),
  )
  assert.match(new ConfigError(problems).message, /allowed: "ack", "complete", "never"/u)
})

test('an effect that makes no sense for a pattern is a problem with its place and what is allowed', async (t) => {
  const folder = await folderWith(t, {
    'hfs.toml': [
      '[threats]',
      'grant_on_two_networks = "level2"',
      'session_in_two_countries = "level2"',
      'failing_proofs = "level3"',
      'uploads_deleted_for_abuse = "level2"',
    ].join('\n'),
  })
  const file = join(folder, 'hfs.toml')
  const problems = problemsOf({ file, env: {}, cwd: folder })
  const told = problems.map(({ place, option, allowed }) => [
    place.replace(file, ''),
    option,
    allowed,
  ])
  assert.deepEqual(
    told.filter(([, option]) => option?.startsWith('threats.')),
    [
      [':3', 'threats.session_in_two_countries', '"off", "watch", "level3", "ban"'],
      [':4', 'threats.failing_proofs', '"off", "watch", "level2", "ban"'],
      [':5', 'threats.uploads_deleted_for_abuse', '"off", "watch", "ban"'],
    ],
  )
})

/** The order in which problems come is no promise. */
function order([, option]: readonly unknown[], problems: readonly Problem[]): number {
  return problems.findIndex((problem) => problem.option === option)
}

test('a file that is not TOML or cannot be read is one problem with its place', async (t) => {
  const folder = await folderWith(t, { 'bad.toml': '[log]\nlevel = \n' })
  const [syntax, ...others] = problemsOf({ file: 'bad.toml', cwd: folder })
  assert.equal(syntax?.place, `${join(folder, 'bad.toml')}:2`)
  assert.deepEqual(others, [])
  const [missing] = problemsOf({ file: 'none.toml', cwd: folder })
  assert.match(missing?.why ?? '', /ENOENT/u)
})

test('a section that is written as a key is a problem', async (t) => {
  const folder = await folderWith(t, { 'hfs.toml': 'log = "info"' })
  assert.match(problemsOf({ file: 'hfs.toml', cwd: folder })[0]?.remedy ?? '', /\[log\]/u)
})

test('an option under the wrong section is pointed to the right one', () => {
  assert.match(problemsWith('server.max_file_size=1')[0]?.remedy ?? '', /storage\.max_file_size/u)
  assert.match(problemsWith('storge.fsync=ack')[0]?.remedy ?? '', /storage\.fsync/u)
  assert.match(problemsWith('log.level')[0]?.remedy ?? '', /--set log\.level=value/u)
})

test('options of features that this release does not have are unknown', () => {
  for (const name of ['server.component', 'storage.checksum']) {
    assert.equal(problemsWith(`${name}=1`)[0]?.why, 'there is no such option', name)
  }
})

test('every option can be set by its variable, and what is shown of it can be read again', () => {
  const { config } = loadConfig({ ...NOWHERE, preset: embeddedDefaults('/data', SECRET) })
  for (const entry of OPTION_ENTRIES.filter(({ option }) => !option.secret)) {
    const shown = shownValue(config, entry)
    if (shown === '') continue
    const env = { [entry.variable]: Array.isArray(shown) ? shown.join(',') : String(shown) }
    const again = loadConfig({ ...NOWHERE, env, preset: embeddedDefaults('/data', SECRET) })
    assert.equal(again.sources.get(entry.name)?.kind, 'environment')
    assert.deepEqual(shownValue(again.config, entry), shown, entry.name)
  }
})

test('every option refuses a value of another kind and says what is allowed', () => {
  for (const { name, option } of OPTION_ENTRIES) {
    const isPath = /^audit\.file$|tls_|_database$|master_key$|path$/u.test(name)
    const wrong = isPath ? '${X}' : '?!'
    const [problem] = problemsWith(`${name}=${wrong}`)
    assert.equal(problem?.option, name)
    assert.equal(problem?.allowed, option.allowed)
  }
})

test('sizes take powers of 1000 and of 1024', () => {
  assert.deepEqual(
    ['0', '7', '1KB', '5 MB', '2GB', '1KiB', '1.5 MiB', '3GiB', '1 TiB'].map(
      (text) => configWith(`storage.min_free=${text}`).storage.minFree,
    ),
    [0, 7, 1000, 5e6, 2e9, 1024, 1_572_864, 3 * 1024 ** 3, 1024 ** 4],
  )
})

test('durations need a unit, so that seconds are not taken for milliseconds', () => {
  assert.deepEqual(
    ['0', '10ms', '2s', '3m', '72h', '30d'].map(
      (text) => configWith(`retention.max_age=${text}`).retention.maxAge,
    ),
    [0, 10, 2000, 180_000, 259_200_000, 2_592_000_000],
  )
  assert.equal(problemsWith('retention.max_age=30')[0]?.remedy, 'write "30s" for seconds')
  assert.equal(problemsWith('retention.max_age=3w').length, 1)
})

test('any size and duration that is shown reads as the same number', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 }), (amount) => {
      const flags = [`storage.min_free=${amount}`, `retention.max_age=${amount}ms`]
      const { config } = loadConfig({ ...NOWHERE, flags, preset: embeddedDefaults('/d', SECRET) })
      const shown = OPTION_ENTRIES.filter(({ name }) => /min_free|max_age/u.test(name)).map(
        (entry) => `${entry.name}=${String(shownValue(config, entry))}`,
      )
      const again = loadConfig({ ...NOWHERE, flags: shown, preset: embeddedDefaults('/d', SECRET) })
      assert.equal(again.config.storage.minFree, amount)
      assert.equal(again.config.retention.maxAge, amount)
    }),
    { numRuns: 50 },
  )
})

test('listeners are TCP, UNIX sockets and inherited descriptors; an empty admin listener is none', async (t) => {
  const folder = await folderWith(t, {
    'hfs.toml': `[server]\nlisten = ["[::1]:0", "localhost:80", "unix:run/s.sock", "fd:3"]\n[grants]\nv1_secret = "${SECRET}"`,
  })
  const { config } = loadConfig({
    file: 'hfs.toml',
    env: { HFS_ADMIN_LISTEN: '' },
    flags: [],
    cwd: folder,
  })
  assert.deepEqual(config.server.listen, [
    { kind: 'tcp', host: '::1', port: 0 },
    { kind: 'tcp', host: 'localhost', port: 80 },
    { kind: 'unix', path: join(folder, 'run/s.sock') },
    { kind: 'fd', fd: 3 },
  ])
  assert.deepEqual(config.admin.listen, [])
})

test('an address that could mean something else is refused', () => {
  for (const text of [
    '',
    '5050',
    ':5050',
    '::1',
    '[::1]',
    '127.0.0.1',
    '1.2.3:80',
    'a:70000',
    'unix:',
  ]) {
    assert.equal(problemsWith(`server.listen=${text}`).length, 1, text)
  }
  assert.equal(problemsWith('server.listen=:80')[0]?.remedy, 'write "127.0.0.1:80"')
})

test('the public URL ends in a slash and carries no user, query or fragment', () => {
  assert.equal(
    configWith('server.public_url=https://example.org/upload').server.publicUrl.href,
    'https://example.org/upload/',
  )
  assert.equal(
    configWith('server.public_url=https://example.org').server.publicUrl.href,
    'https://example.org/',
  )
  for (const text of ['ftp://x/', 'example.org', 'https://u@x/', 'https://x/?a', 'https://x/#a']) {
    assert.equal(problemsWith(`server.public_url=${text}`).length, 1, text)
  }
})

test('a bare address among the trusted proxies is a network of one, anything else is refused', () => {
  const { config } = loadConfig({
    ...NOWHERE,
    flags: [`grants.v2_secret=${SECRET}`, 'server.trusted_proxies=10.0.0.0/8, ::1'],
  })
  assert.deepEqual(config.server.trustedProxies, ['10.0.0.0/8', '::1/128'])
  assert.equal(problemsWith('server.trusted_proxies=10.0.0.0/33').length, 1)
})

test('banned users are bare JIDs, and another form is shown the right one', () => {
  const { config } = loadConfig({
    ...NOWHERE,
    flags: [`grants.v2_secret=${SECRET}`, 'limits.banned_users=romeo@example.org, Juliet@b'],
  })
  assert.deepEqual(config.limits.bannedUsers, ['romeo@example.org', 'Juliet@b'])
  for (const text of ['romeo', 'example.org/x', '@example.org', 'a@b@c', 'a b@example.org']) {
    assert.equal(problemsWith(`limits.banned_users=${text}`).length, 1, text)
  }
  const [problem] = problemsWith('limits.banned_users=romeo@example.org/phone')
  assert.equal(problem?.remedy, 'write "romeo@example.org"')
})

test('storage is a folder, relative to the file that names it', async (t) => {
  const folder = await folderWith(t, {
    'hfs.toml': `[storage]\nurl = "file:./files"\n[grants]\nv1_secret = "${SECRET}"`,
  })
  const { config } = loadConfig({ ...NOWHERE, file: join(folder, 'hfs.toml') })
  assert.deepEqual(config.storage.url, { kind: 'file', folder: join(folder, 'files') })
  const absolute = loadConfig({
    ...NOWHERE,
    flags: [`grants.v2_secret=${SECRET}`, 'storage.url=file:///srv/files'],
  })
  assert.equal(absolute.config.storage.url.folder, '/srv/files')
  assert.equal(problemsWith('storage.url=s3://bucket').length, 1)
})

test('camel case keys of the configuration follow from the names in the file', () => {
  assert.equal(camelCase('reserved_bytes_per_owner'), 'reservedBytesPerOwner')
  assert.equal(camelCase('v1_secret'), 'v1Secret')
})

test('what is printed of a configuration is TOML without any secret in it', () => {
  const { config, sources } = loadConfig({
    ...NOWHERE,
    flags: ['admin.token=tokenTokenToken1234'],
    preset: {
      ...embeddedDefaults('/data', SECRET),
      'grants.v1_previous': [{ secret: `old${SECRET}`, not_after: '2026-12-31T00:00:00Z' }],
    },
  })
  const text = redact(config, sources)
  assert.ok(!text.includes(SECRET) && !text.includes('tokenToken'))
  assert.match(text, /^v1_previous = \["\(set\) until 2026-12-31T00:00:00.000Z"\] {2}# preset$/mu)
  assert.match(text, /^# v3_secret is not set$/mu)
})

test('several processes need a state that they can share', () => {
  const wrong = problemsOf({
    flags: ['server.workers=2', 'session_store.backend=memory', `grants.v1_secret=${SECRET}`],
  })
  assert.match(wrong[0]?.why ?? '', /in the memory of one/u)
  assert.match(wrong[0]?.remedy ?? '', /workers = 1/u)
})
