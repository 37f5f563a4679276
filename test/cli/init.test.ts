import assert from 'node:assert/strict'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { configTemplate } from '../../src/cli/config-template.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { OPTION_ENTRIES } from '../../src/config/options.ts'
import { runCli, temporaryFolder } from './cli-run.ts'

test('init writes a configuration and a secret that only their owner may read, and that check accepts', async (t) => {
  const cwd = await temporaryFolder(t)
  const init = await runCli(['init', '--public-url', 'https://example.org/share'], cwd)
  assert.equal(init.code, 0, init.err)
  for (const name of ['hmac-file-server.toml', 'secret']) {
    assert.equal((await stat(join(cwd, name))).mode & 0o777, 0o600, name)
  }
  const check = await runCli(['check', '--config', 'hmac-file-server.toml'], cwd)
  assert.equal(check.code, 0, check.err)
  assert.match(check.out, /^public_url = "https:\/\/example\.org\/share\/"/mu)
  assert.ok(!check.out.includes('warning'), check.out)
})

test('the snippets of init hold the public URL, the secret and what a proxy must not do', async (t) => {
  const cwd = await temporaryFolder(t)
  const { out } = await runCli(['init', '--public-url', 'https://example.org/share/'], cwd)
  const secret = (await readFile(join(cwd, 'secret'), 'utf8')).trim()
  assert.equal(Buffer.from(secret, 'base64url').length, 32)
  for (const line of [
    'http_upload_external_base_url = "https://example.org/share/"',
    `http_upload_external_secret = "${secret}"`,
    'http_upload_external_protocol = "v2"',
    `http_file_share_secret = "${secret}"`,
    `external_secret: "${secret}"`,
    'put_url: "https://example.org/share"',
    'client_max_body_size 0;',
    'proxy_request_buffering off;',
    'proxy_buffering off;',
    'proxy_http_version 1.1;',
    'reverse_proxy 127.0.0.1:5050',
    'server hmac-file-server 127.0.0.1:5050',
    'clients refuse http',
  ]) {
    assert.ok(out.includes(line), line)
  }
})

test('init replaces nothing unless it is forced to', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'secret'), 'mine')
  const refused = await runCli(['init'], cwd)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /secret exists; --force/u)
  assert.equal(await readFile(join(cwd, 'secret'), 'utf8'), 'mine')
  assert.equal((await runCli(['init', '--force'], cwd)).code, 0)
  assert.notEqual(await readFile(join(cwd, 'secret'), 'utf8'), 'mine')
})

test('init leaves no secret behind when there is a configuration already', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'hmac-file-server.toml'), '# mine\n')
  const { code, err } = await runCli(['init'], cwd)
  assert.equal(code, 1)
  assert.match(err, /hmac-file-server\.toml exists; --force/u)
  assert.deepEqual(await readdir(cwd), ['hmac-file-server.toml'])
})

test('init names the folder that is not there, and what to do about it', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['init', '--output', 'etc/hfs.toml'], cwd)
  assert.equal(code, 1)
  const folder = join(cwd, 'etc')
  const remedy = `There is no folder ${folder}: create it, or name another with --output`
  assert.equal(err, `error: ${remedy}\n`)
})

test('a public URL that is none is refused before anything is written', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['init', '--public-url', 'example.org'], cwd)
  assert.equal(code, 1)
  assert.match(err, /server\.public_url.*this is not a URL/u)
  await assert.rejects(stat(join(cwd, 'secret')), { code: 'ENOENT' })
})

test('the template names every option, and with its comments opened it is still valid', async (t) => {
  const cwd = await temporaryFolder(t)
  const file = join(cwd, 'hfs.toml')
  const template = configTemplate({ 'grants.v1_secret': 'kQ8yVnZ2rT5wX1aB' })
  for (const { key } of OPTION_ENTRIES)
    assert.match(template, new RegExp(`^(?:# )?${key} = `, 'mu'))
  await writeFile(file, template.replaceAll(/^# (\w+ = )(?!"\/etc|"\/var|"file:\/etc)/gmu, '$1'))
  const opened = loadConfig({ file, env: {}, flags: [], cwd })
  await writeFile(file, template)
  assert.deepEqual(opened.config, loadConfig({ file, env: {}, flags: [], cwd }).config)
})
