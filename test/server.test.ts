import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { parseSlotPath } from '../src/core/slot-path.ts'
import { signSlot } from '../src/grants/sign.ts'
import { ConfigError, loadConfig, startServer } from '../src/server.ts'

const SECRET = 'an embedder chose this text'

test('an embedder starts a server, a signed PUT becomes a file, and disposing ends it', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'embedded-'))
  t.after(async () => await rm(cwd, { recursive: true }))
  const { config } = loadConfig({
    env: {},
    cwd,
    flags: ['server.listen=127.0.0.1:0', 'admin.listen=', `grants.v1_secret=${SECRET}`],
  })
  const lines: string[] = []
  let origin = ''
  {
    await using server = await startServer(config, {
      destination: { write: (line) => lines.push(line) },
    })
    const [address] = server.addresses
    assert.ok(address?.kind === 'tcp')
    origin = `http://127.0.0.1:${address.port}`
    const path = parseSlotPath('id/hello.txt')
    const slot = { path, size: 5, expiresAt: 0 }
    const { query = '' } = signSlot('v1', slot, Buffer.from(SECRET))
    const put = await fetch(`${origin}/${path}?${query}`, { method: 'PUT', body: 'hello' })
    assert.equal(put.status, 201)
    assert.equal(await (await fetch(`${origin}/${path}`)).text(), 'hello')
  }
  await assert.rejects(fetch(origin))
  assert.ok(lines.some((line) => line.includes('file published')))
  assert.ok(lines.every((line) => !line.includes(SECRET)))
})

test('an embedder is told everything that is wrong with a configuration', () => {
  const flags = ['server.lisen=x', 'http.body_idle=soon', `grants.v1_secret=${SECRET}`]
  assert.throws(
    () => loadConfig({ env: {}, cwd: '/', flags }),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.equal(error.problems.length, 2)
      return true
    },
  )
})
