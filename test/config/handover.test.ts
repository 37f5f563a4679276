import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFromText, configToText } from '../../src/config/handover.ts'
import { loadConfig } from '../../src/config/load-config.ts'

test('another process gets the configuration as it is, whatever kinds of values it has', () => {
  const flags = [
    'grants.v1_secret=a-key-of-the-tests-41d7',
    'grants.v1_previous=[{ secret = "an-older-key-of-the-tests", not_after = 2900-01-01T00:00:00Z }]',
    'server.public_url=https://files.example/up/',
    'server.listen=127.0.0.1:5050, unix:./proxy.sock, fd:3',
    'session_store.backend=redis',
    'session_store.redis_url=redis+sentinel://:word@127.0.0.1:26379/name',
    'admin.listen=',
    'audit.file=url:of-a-kind.jsonl',
  ]
  const { config } = loadConfig({ flags, env: {}, cwd: '/srv' })
  assert.deepEqual(configFromText(configToText(config)), config)
})

test('a text that is no configuration is none', () => {
  assert.throws(() => configFromText('7'), /no configuration/u)
})
