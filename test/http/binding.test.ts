import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { ListenError, bind } from '../../src/http/binding.ts'
import { scratchFolder } from './server-fixture.ts'

test('a socket whose mode cannot be set is no listener, and leaves none', async () => {
  using folder = scratchFolder()
  const address = { kind: 'unix', path: join(folder.path, 'socket') } as const
  const server = createServer()
  const noMode = -1
  await assert.rejects(bind(server, address, noMode), ListenError)
  assert.equal(server.listening, false)
  await using again = createServer()
  await bind(again, address)
})
