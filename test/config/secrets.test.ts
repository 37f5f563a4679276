import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { loadConfig, type LoadedConfig } from '../../src/config/load-config.ts'
import { ConfigError } from '../../src/config/problem.ts'

const SECRET = 'kQ8yVnZ2rT5wX1aB'

function load(flags: readonly string[], env: Readonly<Record<string, string>> = {}): LoadedConfig {
  return loadConfig({ env, flags, cwd: '/nowhere' })
}

function refusal(flags: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  try {
    load(flags, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

test('example values, variables and secrets under 16 bytes are refused and never repeated', () => {
  const bad = [
    'changeme-changeme-changeme',
    'CHANGE_ME_please_1234567890',
    'your-secret-key-goes-here',
    'secret-of-this-server-1',
    'example-secret-1234567890',
    '<insert the secret here>',
    'aaaaaaaaaaaaaaaaaaaa',
    '${HFS_UPLOAD_PASSPHRASE}',
    'fifteenbytes123',
  ]
  for (const text of bad) {
    const message = refusal([`grants.v2_secret=${text}`])
    assert.match(message, /grants\.v2_secret: /u, text)
    assert.ok(!message.includes(text), text)
  }
  assert.equal(refusal([`grants.v2_secret=${SECRET}`]), '')
})

test('a secret is read from a file without its last line end, and from a variable', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hfs-secret-'))
  t.after(async () => await rm(folder, { recursive: true }))
  await writeFile(join(folder, 'secret'), `${SECRET} \r\n`, { mode: 0o600 })
  const toml = '[grants]\nv1_secret = "file:secret"\nv2_secret = "env:HFS_OWN_NAME"'
  await writeFile(join(folder, 'hfs.toml'), toml)
  const sources = { file: join(folder, 'hfs.toml'), flags: [], cwd: '/' }
  const env = { HFS_OWN_NAME: `${SECRET}2` }
  const { config, warnings } = loadConfig({ ...sources, env })
  assert.equal(config.grants.v1Secret, `${SECRET} `)
  assert.equal(config.grants.v2Secret, `${SECRET}2`)
  assert.deepEqual(warnings, [])

  await chmod(join(folder, 'secret'), 0o640)
  assert.match(loadConfig({ ...sources, env }).warnings.join(), /chmod 600/u)
  assert.throws(() => loadConfig({ ...sources, env: {} }), /HFS_OWN_NAME is not set/u)
})

test('a secret file that is not there is named', () => {
  assert.match(refusal(['grants.v1_secret=file:/nowhere/secret']), /\/nowhere\/secret.*ENOENT/u)
})

test('a value of the environment may itself refer to a file or a variable', () => {
  const { config } = load([], { HFS_GRANTS_JWT_SECRET: 'env:HFS_INNER', HFS_INNER: SECRET })
  assert.equal(config.grants.jwtSecret, SECRET)
})

test('a previous secret has an end, written as a TOML date or as a text', () => {
  const entry = `[{ secret = "${SECRET}", not_after = 2026-12-31T00:00:00Z }]`
  const { config } = load([`grants.v1_secret=${SECRET}1`, `grants.v1_previous=${entry}`])
  const end = Date.UTC(2026, 11, 31)
  assert.deepEqual(config.grants.v1Previous, [{ secret: SECRET, notAfter: end }])
  for (const wrong of [
    `[{ secret = "${SECRET}" }]`,
    `[{ secret = "${SECRET}", not_after = "tomorrow" }]`,
    `[{ secret = "short", not_after = 2026-12-31T00:00:00Z }]`,
    `[{ secret = "${SECRET}", not_after = 2026-12-31T00:00:00Z, until = 1 }]`,
    `["${SECRET}"]`,
    '[{',
  ]) {
    const message = refusal([`grants.v1_secret=${SECRET}1`, `grants.v1_previous=${wrong}`])
    assert.match(message, /grants\.v1_previous/u, wrong)
    assert.ok(!message.includes(SECRET), wrong)
  }
})

test('without a secret of any scheme nobody could upload, so the start is refused', () => {
  assert.match(refusal([]), /no secret is set/u)
})

test('options that need each other are refused alone', () => {
  const own = `grants.v2_secret=${SECRET}`
  const previous = `[{ secret = "${SECRET}", not_after = 2026-12-31T00:00:00Z }]`
  assert.match(refusal([own, 'server.tls_key=/k']), /set tls_cert too/u)
  assert.match(refusal([own, `grants.v1_previous=${previous}`]), /set v1_secret/u)
  assert.match(refusal([own, `grants.token_delete_secret=${SECRET}`]), /set token_secret/u)
  assert.match(refusal([own, `grants.token_delete_previous=${previous}`]), /token_delete_secret/u)
})

test('an admin listener that other machines reach needs a token', () => {
  const own = `grants.v2_secret=${SECRET}`
  assert.match(refusal([own, 'admin.listen=0.0.0.0:5051']), /admin\.token is not set/u)
  assert.equal(refusal([own, 'admin.listen=0.0.0.0:5051', `admin.token=${SECRET}`]), '')
  assert.equal(refusal([own, 'admin.listen=[::1]:5051,unix:/run/a.sock']), '')
})
