import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { ask, LOOPBACK, rawClient, scratchFolder, serve } from './server-fixture.ts'

const hello = { status: 200, body: 'hello' }

const start = async (path: string): Promise<unknown> =>
  await serve(async (exchange) => exchange.reply(hello), { listen: [{ kind: 'unix', path }] })

test('several addresses are served, and the ports they got are told', async () => {
  await using server = await serve(async (exchange) => exchange.reply(hello), {
    listen: [LOOPBACK, { kind: 'tcp', host: '::1', port: 0 }],
  })
  const [first, second] = server.listeners.addresses
  assert.ok(first?.kind === 'tcp' && second?.kind === 'tcp' && first.port > 0 && second.port > 0)
  assert.equal((await ask(first.port, '/')).body, 'hello')
  assert.equal((await ask(second.port, '/', { host: '::1' })).body, 'hello')
})

test('a UNIX socket is for its group only, its client is unix, and it is removed at the end', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'http.sock')
  {
    await using _server = await serve(
      async (exchange) => exchange.reply({ status: 200, body: exchange.client.address }),
      { listen: [{ kind: 'unix', path }] },
    )
    assert.equal(statSync(path).mode & 0o777, 0o660)
    assert.equal((await ask(0, '/', { socketPath: path })).body, 'unix')
  }
  assert.equal(existsSync(path), false)
})

test('a UNIX socket that nobody answers on is replaced', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'http.sock')
  const crash = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', crash]), 'exit')
  assert.equal(existsSync(path), true)
  await using _server = await serve(async (exchange) => exchange.reply(hello), {
    listen: [{ kind: 'unix', path }],
  })
  assert.equal((await ask(0, '/', { socketPath: path })).body, 'hello')
})

test('a UNIX socket in use and a file that is no socket are left alone, with a clear error', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'http.sock')
  await using _first = await serve(async (exchange) => exchange.reply(hello), {
    listen: [{ kind: 'unix', path }],
  })
  await assert.rejects(start(path), /Cannot listen on unix:.*another program listens there/)
  assert.equal((await ask(0, '/', { socketPath: path })).body, 'hello')
  const file = join(folder.path, 'precious')
  writeFileSync(file, 'text')
  await assert.rejects(start(file), /no socket lies there/)
  assert.equal(existsSync(file), true)
  await assert.rejects(start(join(folder.path, 'none', 'x')), /Cannot listen on unix:/)
})

test('a port in use is named with its address, and no other address stays open', async () => {
  await using first = await serve(async (exchange) => exchange.reply(hello))
  const taken = { kind: 'tcp', host: '127.0.0.1', port: first.port } as const
  await assert.rejects(
    serve(async () => {}, { listen: [LOOPBACK, taken] }),
    {
      name: 'ListenError',
      message: `Cannot listen on 127.0.0.1:${first.port}: another program listens there; stop it or choose another address`,
    },
  )
})

test('a socket passed on by a service manager is served', async () => {
  const passed = createServer()
  passed.listen(0, '127.0.0.1')
  await once(passed, 'listening')
  const handle: unknown = Reflect.get(passed, '_handle')
  const address = passed.address()
  assert.ok(typeof handle === 'object' && handle !== null && 'fd' in handle)
  assert.ok(typeof address === 'object' && address !== null)
  const fixture = JSON.stringify(new URL('server-fixture.ts', import.meta.url).href)
  const program = `
    import { serve } from ${fixture}
    const answer = (exchange) => exchange.reply({ status: 200, body: exchange.client.address })
    await serve(async (exchange) => answer(exchange), { listen: [{ kind: 'fd', fd: 3 }] })
    console.log('listening')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit', Number(handle.fd)],
  })
  passed.close()
  assert.ok(child.stdout !== null)
  await once(child.stdout, 'data')
  assert.equal((await ask(address.port, '/')).body, '127.0.0.1')
  child.kill()
  await once(child, 'exit')
})

test('a descriptor that is no socket is a clear error', async () => {
  await assert.rejects(
    serve(async () => {}, { listen: [{ kind: 'fd', fd: 9_999 }] }),
    /Cannot listen on fd:9999: .*socket unit/,
  )
})

test('D24: a client that never finishes its request head is closed with 408', async () => {
  await using server = await serve(async () => {}, { limits: { headersTimeout: 50 } })
  using slow = await rawClient(server.port)
  slow.socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  using silent = await rawClient(server.port)
  assert.match(await slow.ended, /^HTTP\/1\.1 408 /)
  await silent.ended
})

test('what is no request is answered with 400, too large a head with 431, CONNECT with 405', async () => {
  await using server = await serve(async (exchange) => exchange.reply(hello))
  const answerTo = async (text: string): Promise<string> => {
    using client = await rawClient(server.port)
    client.socket.write(text)
    return await client.ended
  }
  assert.match(await answerTo('hello\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await answerTo('GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(
    await answerTo(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
  assert.match(await answerTo('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'), /^HTTP\/1\.1 405 /)
})

test('an offered upgrade is not taken, the request itself is answered', async () => {
  await using server = await serve(async (exchange) => exchange.reply(hello))
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' }
  const reply = await ask(server.port, '/', { headers })
  assert.deepEqual([reply.status, reply.body], [200, 'hello'])
})

test('CONNECT is refused, and a client that resets meanwhile harms nobody', async () => {
  await using server = await serve(async (exchange) => exchange.reply(hello))
  for (let round = 0; round < 50; round += 1) {
    using client = await rawClient(server.port)
    client.socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')
    if (round % 2 === 0) await client.until('HTTP/1.1 405')
    client.socket.resetAndDestroy()
  }
  assert.equal((await ask(server.port, '/')).body, 'hello')
})
