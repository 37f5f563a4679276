import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
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
