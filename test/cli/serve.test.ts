import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { connectionGuide } from '../../src/cli/commands/serve.ts'
import { configurationOf, usesOwnSecret } from '../../src/cli/configuration.ts'
import { keepOwnSecret } from '../../src/cli/own-secret.ts'
import { ioIn, runCli, temporaryFolder } from './cli-run.ts'

const ANY_PORT = ['--set', 'server.listen=127.0.0.1:0', '--set', 'admin.listen=']

test('serve without a file makes a secret once, starts, and tells how to connect', async (t) => {
  const cwd = await temporaryFolder(t)
  const first = await runCli(['serve', ...ANY_PORT], cwd)
  assert.equal(first.code, 0, first.err)
  const file = join(cwd, 'data', 'secret')
  const secret = await readFile(file, 'utf8')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.match(first.out, /http_upload_external_protocol = "v2"[^]*external_secret: /u)
  assert.match(first.out, /Phones need an https public_url/u)
  assert.match(first.out, /Listening on 127\.0\.0\.1:\d+/u)
  assert.ok(!first.out.includes(secret.trim()), 'a secret in a log')

  assert.equal((await runCli(['serve', ...ANY_PORT], cwd)).code, 0)
  assert.equal(await readFile(file, 'utf8'), secret)
})

test('the secret is shown to a person on a terminal only', async (t) => {
  const cwd = await temporaryFolder(t)
  const secret = await keepOwnSecret(join(cwd, 'data'))
  const io = ioIn(cwd, { isTerminal: true })
  const loaded = configurationOf({}, io, secret)
  assert.ok(connectionGuide(loaded, secret, io).includes(secret))
  assert.ok(!connectionGuide(loaded, secret, ioIn(cwd)).includes(secret))
})

test('a secret of the operator, by flag, variable or file, keeps our own one out', () => {
  assert.ok(usesOwnSecret({}, ioIn('/')))
  assert.ok(usesOwnSecret({ set: ['log.level=info'] }, ioIn('/')))
  assert.ok(!usesOwnSecret({ set: ['grants.v2_secret=x'] }, ioIn('/')))
  assert.ok(!usesOwnSecret({}, ioIn('/', { env: { HFS_GRANTS_JWT_SECRET: 'x' } })))
  assert.ok(!usesOwnSecret({ config: 'hfs.toml' }, ioIn('/')))
})

test('serve refuses a broken configuration with exit code 1', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['serve', '--config', 'none.toml'], cwd)
  assert.equal(code, 1)
  assert.match(err, /none\.toml.*ENOENT/u)
})
