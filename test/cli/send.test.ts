import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type Socket, createServer } from 'node:net'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { RUNNING, runCli, temporaryFolder } from './cli-run.ts'
import { report } from './put-run.ts'

const ENV = { HFS_XMPP_PASSWORD: 'secret' }
const SENDING = { ...RUNNING, env: ENV }
const ME = ['--jid', 'romeo@example.org']

test('send says what its command line lacks', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'photo.jpg'), 'x')
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['photo.jpg', ...ME], /FILE and TO are needed/u],
    [['photo.jpg', 'a@b', 'c@d', ...ME], /more arguments/u],
    [['photo.jpg', 'juliet', ...ME], /"juliet" is not the JID/u],
    [['photo.jpg', 'a@b/phone', ...ME], /"a@b\/phone" is not the JID/u],
    [['photo.jpg', 'a@b'], /--jid takes your account/u],
    [['photo.jpg', 'a@b', '--jid', 'example.org'], /--jid takes your account/u],
    [['photo.jpg', 'a@b', ...ME, '--service', 'example.org:5222'], /--service takes a URL/u],
  ]
  for (const [argv, text] of wrong) {
    const { code, err } = await runCli(['send', ...argv], cwd, { env: ENV })
    assert.deepEqual([code, text.test(err)], [2, true], err)
  }
})

test('send says where it takes the password from, and that an empty one is none', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'photo.jpg'), 'x')
  await writeFile(join(cwd, 'password'), '\n')
  const argv = ['send', 'photo.jpg', 'a@b', ...ME]
  for (const more of [[], ['--password-file', 'password']]) {
    const { code, err } = await runCli([...argv, ...more], cwd)
    assert.equal(code, 2)
    assert.match(err, /HFS_XMPP_PASSWORD or --password-file/u)
  }
})

test('send refuses what it cannot read before it logs in anywhere', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const [file, text] of [
    ['.', /is a folder: pack it into one file first/u],
    ['photo.jpg', /photo\.jpg is not there/u],
  ] as const) {
    const { code, err } = await runCli(['send', file, 'a@b', ...ME], cwd, SENDING)
    assert.equal(code, 1)
    assert.match(err, text)
  }
  const argv = ['send', 'photo.jpg', 'a@b', ...ME, '--json', '--password-file', 'none']
  const { code, out } = await runCli(argv, cwd, SENDING)
  const { code: why, system } = report(out)
  assert.deepEqual([code, why, system], [1, 'local-problem', 'ENOENT'])
})

test('send refuses an authority that is no certificate', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'photo.jpg'), 'x')
  const argv = ['send', 'photo.jpg', 'a@b', ...ME, '--ca', 'photo.jpg']
  const { code, err } = await runCli(argv, cwd, SENDING)
  assert.equal(code, 1)
  assert.match(err, /photo\.jpg holds no certificate in PEM/u)
})

/** An XMPP server that offers a login, but no encryption. */
async function openServer(t: TestContext): Promise<{ port: number; heard: () => string }> {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      heard += String(bytes)
      if (heard.endsWith('</stream:stream>')) socket.end('</stream:stream>')
    })
    socket.once('data', () => socket.write(OFFER))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { port: address.port, heard: () => heard }
}

const OFFER = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' id='1'
  xmlns:stream='http://etherx.jabber.org/streams'><stream:features>
  <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>
  <mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>`

test('send does not even begin a login with a server that offers no encryption', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'photo.jpg'), 'x')
  const { port, heard } = await openServer(t)
  const argv = ['send', 'photo.jpg', 'a@b', ...ME, '--service', `xmpp://127.0.0.1:${port}`]
  const { code, err } = await runCli(argv, cwd, SENDING)
  assert.equal(code, 1)
  assert.match(err, /offers no encryption/u)
  assert.match(heard(), /<stream:stream/u)
  assert.doesNotMatch(heard(), /<auth/u)
})
