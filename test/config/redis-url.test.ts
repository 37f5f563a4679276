import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import { loadConfig } from '../../src/config/load-config.ts'
import { redact } from '../../src/config/redact.ts'
import { ConfigError } from '../../src/config/problem.ts'
import type { Config } from '../../src/config/options.ts'
import type { RedisLocation } from '../../src/core/redis-location.ts'

const SECRET = 'kQ8yVnZ2rT5wX1aB'
/** Objects as a program makes them. */
const PLAIN = { noNullPrototype: true } as const

const BARE = { kind: 'single', master: '', database: 0, tls: false } as const

function configWith(url: string, env: Record<string, string> = {}): Config {
  const flags = [`grants.v1_secret=${SECRET}`, `session_store.redis_url=${url}`]
  return loadConfig({ file: undefined, env, flags, cwd: '/nowhere' }).config
}

function locationOf(url: string): RedisLocation | undefined {
  return configWith(url).sessionStore.redisUrl
}

test('one server, with and without port, user, password, database and TLS', () => {
  const host = { host: 'r.example.org', port: 6379 }
  assert.deepEqual(locationOf('redis://r.example.org'), { ...BARE, hosts: [host] })
  assert.deepEqual(locationOf('rediss://u:p%40%3A@[fd00::1]:7000/2'), {
    ...BARE,
    hosts: [{ host: 'fd00::1', port: 7000 }],
    username: 'u',
    password: 'p@:',
    database: 2,
    tls: true,
  })
  assert.deepEqual(locationOf('redis://:p:q@127.0.0.1:1/'), {
    ...BARE,
    hosts: [{ host: '127.0.0.1', port: 1 }],
    password: 'p:q',
  })
})

test('sentinels with the name of their master, and nodes of a cluster', () => {
  assert.deepEqual(locationOf('redis+sentinel://:p@a:1,b/state/3'), {
    ...BARE,
    kind: 'sentinel',
    hosts: [
      { host: 'a', port: 1 },
      { host: 'b', port: 26_379 },
    ],
    master: 'state',
    password: 'p',
    database: 3,
  })
  assert.deepEqual(locationOf('rediss+cluster://a,b:7001'), {
    ...BARE,
    kind: 'cluster',
    hosts: [
      { host: 'a', port: 6379 },
      { host: 'b', port: 7001 },
    ],
    tls: true,
  })
})

test('what means something else or nothing is refused, and never repeated', () => {
  for (const url of [
    'http://hidden@127.0.0.1',
    'redis://',
    'redis://hidden@127.0.0.1:0',
    'redis://hidden@127.0.0.1:70000',
    'redis://hidden@a,b',
    'redis://hidden@a/x',
    'redis://hidden@a/1/2',
    'redis://hidden@a?x=1',
    'redis://hid%den@a',
    'redis+sentinel://hidden@a',
    'redis+cluster://hidden@a/1',
    'redis+ring://hidden@a',
  ]) {
    assert.throws(
      () => configWith(url),
      (error) => {
        assert.ok(error instanceof ConfigError)
        const [problem] = error.problems
        assert.equal(problem?.option, 'session_store.redis_url')
        assert.ok(!error.message.includes('hidden'), error.message)
        return true
      },
      url,
    )
  }
})

test('the URL may stand in a file or a variable, and is printed without its password', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'redis-url-'))
  t.after(async () => await rm(folder, { recursive: true }))
  const file = join(folder, 'url')
  await writeFile(file, 'redis://:hidden@a\n')
  await chmod(file, 0o600)
  for (const config of [
    configWith(`file:${file}`),
    configWith('env:PLACE', { PLACE: 'redis://:hidden@a' }),
  ]) {
    assert.equal(config.sessionStore.redisUrl?.password, 'hidden')
    const printed = redact(config)
    assert.ok(!printed.includes('hidden'))
    assert.match(printed, /redis_url = "redis:\/\/:\(set\)@a:6379"/u)
  }
})

test('whatever is shown of a location without password reads as the same location', () => {
  const host = fc.record(
    {
      host: fc.constantFrom('a', 'r.example.org', '127.0.0.1', 'fd00::1'),
      port: fc.integer({ min: 1, max: 65_535 }),
    },
    PLAIN,
  )
  const common = { tls: fc.boolean() }
  const location = fc.oneof(
    fc.record(
      {
        ...common,
        kind: fc.constant('single' as const),
        hosts: fc.tuple(host),
        master: fc.constant(''),
        database: fc.nat(15),
      },
      PLAIN,
    ),
    fc.record(
      {
        ...common,
        kind: fc.constant('sentinel' as const),
        hosts: fc.array(host, { minLength: 1, maxLength: 3 }),
        master: fc.constantFrom('state', 'my master'),
        database: fc.nat(15),
      },
      PLAIN,
    ),
    fc.record(
      {
        ...common,
        kind: fc.constant('cluster' as const),
        hosts: fc.array(host, { minLength: 1, maxLength: 3 }),
        master: fc.constant(''),
        database: fc.constant(0),
      },
      PLAIN,
    ),
  )
  fc.assert(
    fc.property(location, (any) => {
      const shown = redact({
        ...configWith('redis://a'),
        sessionStore: { ...configWith('redis://a').sessionStore, redisUrl: any },
      })
      const [, url = ''] = /redis_url = "(.*)"/u.exec(shown) ?? []
      assert.deepEqual(locationOf(url), any)
    }),
    { numRuns: 50 },
  )
})
