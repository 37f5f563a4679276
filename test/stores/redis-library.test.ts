import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import test from 'node:test'
import { connectRedis } from '../../src/stores/redis/connection.ts'

const LOCATION = {
  kind: 'single',
  hosts: [{ host: '127.0.0.1', port: 1 }],
  master: '',
  database: 0,
  tls: false,
} as const

test('without its optional package the redis backend says what to install', async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      return next(specifier === 'ioredis' ? 'ioredis-is-not-installed' : specifier, context)
    },
  })
  try {
    await assert.rejects(connectRedis(LOCATION, { confirmed: false }), {
      name: 'OperatorError',
      message: /needs a package that is not installed; run: npm install ioredis$/u,
    })
  } finally {
    hooks.deregister()
  }
})
