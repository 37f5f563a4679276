import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { SECRETS, startSite } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { scratchFolder, writeCertificate } from '../http/server-fixture.ts'
import { freePort } from '../interop/free-ports.ts'
import { runCli, temporaryFolder } from './cli-run.ts'
import { direct, doctor, partOf } from './doctor-run.ts'

const MISUSES: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
  [[], /Name the deployment: --url URL or --config FILE/u],
  [['--url', 'upload.example.org'], /"upload\.example\.org" is no web address/u],
  [['--url', 'http://localhost/', '--jid', 'me'], /--jid takes your account/u],
  [['--url', 'http://localhost/', '--jid', 'me@localhost'], /The password is missing/u],
  [['--url', 'http://localhost/', '--slot', 'http://localhost/a'], /needs --get and --size/u],
  [
    ['--url', 'http://localhost/', '--slot', 'a', '--get', 'b', '--size', '1'],
    /"a" is no web address/u,
  ],
  [['--url', 'http://localhost/', '--address', 'localhost'], /"localhost" is no IP address/u],
  [['--url', 'http://[::1]/', '--address', '::1'], /--address is for a host that has a name/u],
]

for (const [argv, says] of MISUSES) {
  test(`doctor ${argv.join(' ')}: the command line makes no sense`, async (t) => {
    const { code, err } = await doctor(await temporaryFolder(t), argv)
    assert.equal(code, 2)
    assert.match(err, says)
  })
}

test('a size of --slot that is none, or too large for a test, makes no sense', async (t) => {
  const cwd = await temporaryFolder(t)
  const url = 'http://localhost/'
  for (const size of ['much', '9 MiB']) {
    const given = ['--url', url, '--slot', url, '--get', url, '--size', size]
    assert.equal((await doctor(cwd, given)).code, 2)
  }
})

test('with the URL alone the doctor tries what needs no slot', async () => {
  await using place = await direct()
  const { code, out } = await doctor('/', ['--url', place.url])
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'cors'), /^ok/u)
  assert.match(partOf(out, 'upload'), /^skipped.*--config FILE or --jid ME/u)
  assert.match(partOf(out, 'download'), /^skipped/u)
})

test('what was not tried is named, and nothing is called well', async () => {
  await using place = await direct()
  const { out } = await doctor('/', ['--url', place.url])
  assert.match(
    out,
    /\nNothing wrong was found: \d+ ok, .*\d+ skipped\nNot tried: names, tls, login, .*, forwarded\n$/u,
  )
  assert.match(
    partOf(out, 'clock'),
    /^skipped.* agrees, the server unknown \(nothing was uploaded\), the XMPP server unknown \(no account\)/u,
  )
  assert.match(partOf(out, 'body-limit'), /^skipped.*there is no slot to send a body/u)
})

test('a doctor that is stopped prints no report, not even half of one', async () => {
  // Whoever runs it here asks for a stop at once.
  const { code, out, err } = await runCli(['doctor', '--url', 'http://127.0.0.1:9/', '--json'], '/')
  assert.deepEqual({ code, out, err }, { code: 1, out: '', err: 'Stopped\n' })
})

test('--json prints one object with every check', async () => {
  await using place = await direct()
  const { code, out } = await doctor(place.site.folder, [...place.set, '--json'])
  assert.equal(code, 0, out)
  assert.match(
    out,
    /^\{\n {2}"ok": true,\n {2}"complete": false,\n {2}"url": "http:[^]*"name": "leftovers"[^]*\}\n$/u,
  )
  assert.match(out, /"name": "upload",\s+"kind": "ok"/u)
})

test('a slot of the command line is uploaded to once', async () => {
  await using place = await direct()
  const put = signedPut('a/doctor.bin', Buffer.alloc(1000))
  const [slot, get] = [new URL(put.target, place.url).href, `${place.url}a/doctor.bin`]
  const given = ['--url', place.url, '--slot', slot, '--get', get, '--size', '1000']
  const { code, out } = await doctor('/', given)
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'upload'), /^ok.*1000 bytes by a slot of the command line/u)
  assert.match(partOf(out, 'range'), /^ok/u)
  assert.match(partOf(out, 'resume'), /^skipped.*no slot is left/u)
})

test('of a slot for another type than a page nothing is said about pages', async () => {
  await using place = await direct()
  const put = signedPut('a/doctor.png', Buffer.alloc(1000))
  const [slot, get] = [new URL(put.target, place.url).href, `${place.url}a/doctor.png`]
  const given = ['--url', place.url, '--slot', slot, '--get', get, '--size', '1000']
  const { code, out } = await doctor('/', [...given, '--type', 'image/png'])
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'safe-types'), /^skipped.*no page/u)
})

test('a link with a quotation mark in it is one word of the line to paste', async () => {
  await using place = await direct()
  const put = signedPut("a/$(id)'.bin", Buffer.alloc(1000))
  const [slot, get] = [new URL(put.target, place.url).href, `${place.url}a/$(id)'.bin`]
  const given = ['--url', place.url, '--slot', slot, '--get', get, '--size', '1000']
  const { code, out } = await doctor('/', given)
  assert.equal(code, 0, out)
  assert.ok(partOf(out, 'leftovers').endsWith(` '${place.url}a/$(id)'\\''.bin'\n`), out)
})

test('a slot that is refused for its signature leaves two causes without a configuration', async () => {
  await using place = await direct()
  const slot = `${place.url}a/doctor.bin?v=${'0'.repeat(64)}`
  const given = ['--url', place.url, '--slot', slot, '--get', slot, '--size', '1000']
  const { code, out } = await doctor('/', given)
  assert.equal(code, 1)
  assert.match(
    partOf(out, 'upload'),
    /scheme v1, is refused: the secrets differ, or .* not accept/u,
  )
})

test('a slot that ended before it was used tells of clocks', async () => {
  await using place = await direct()
  const put = signedPut('a/doctor.bin', Buffer.alloc(1000), { scheme: 'v3', expiresAt: 1000 })
  const slot = new URL(put.target, place.url).href
  const given = ['--url', place.url, '--slot', slot, '--get', slot, '--size', '1000']
  const { code, out } = await doctor('/', given)
  assert.equal(code, 1)
  assert.match(partOf(out, 'upload'), /^failed.*had expired before it was used[^]*timedatectl/u)
})

test('a secret that is not the running server’s is found', async () => {
  await using place = await direct()
  const other = ['--set', 'grants.v2_secret=another-secret-than-that-one']
  const { code, out } = await doctor(place.site.folder, [...place.set, ...other])
  assert.equal(code, 1)
  assert.match(partOf(out, 'upload'), /although the server accepts v2: the secrets differ/u)
  assert.match(partOf(out, 'range'), /^skipped.*needs upload, which failed/u)
})

test('a public URL that the server does not know of is found', async () => {
  await using place = await direct()
  const { code, out } = await doctor(place.site.folder, [
    ...place.set,
    '--url',
    `${place.url}files`,
  ])
  assert.equal(code, 1)
  assert.match(
    partOf(out, 'public-url'),
    /is told http:\S+:\d+\/: [^]*public_url = "http:\S+\/files\/"/u,
  )
  assert.match(out, /skipped +prefix +needs public-url, which failed/u)
})

test('a server that answers at the root is found', async () => {
  await using place = await direct()
  const { code, out } = await doctor('/', ['--url', `${place.url}files/`])
  assert.equal(code, 1)
  assert.match(partOf(out, 'prefix'), /answers at the root[^]*public_url = /u)
})

test('a name that has no address is found', async () => {
  // RFC 6761 §6.4: nobody has it.
  const { code, out } = await doctor('/', ['--url', 'https://upload.invalid/'])
  assert.equal(code, 1)
  assert.match(partOf(out, 'names'), /^failed.*has no address[^]*upload\.invalid\. 3600 IN A /u)
  assert.match(out, /skipped +upload +needs names, which failed/u)
})

test('a port that is closed is found', async () => {
  const port = await freePort()
  const { code, out } = await doctor('/', ['--url', `http://127.0.0.1:${port}/`])
  assert.equal(code, 1)
  assert.match(partOf(out, 'reach'), /^failed.*127\.0\.0\.1: ECONNREFUSED[^]*ss -ltn/u)
})

test('a list of trusted proxies that is everybody is found', async () => {
  await using place = await direct(['server.trusted_proxies=0.0.0.0/0'])
  const { code, out } = await doctor(place.site.folder, place.set)
  assert.equal(code, 1)
  assert.match(partOf(out, 'forwarded'), /has 0\.0\.0\.0\/0[^]*trusted_proxies = \["127/u)
})

test('invented addresses are tried out where the doctor is a stranger', async () => {
  await using place = await direct(['server.trusted_proxies=192.0.2.1/32'])
  const { code, out } = await doctor(place.site.folder, place.set)
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'forwarded'), /^ok.*the server saw 127\.0\.0\.0\/24/u)
})

test('a server that lets no upload go on is not blamed for it', async () => {
  await using place = await direct(['network_resilience.upload_resumption=false'])
  const { code, out } = await doctor(place.site.folder, place.set)
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'streaming'), /^skipped.*network_resilience\.upload_resumption/u)
})

test('an XMPP server that does not answer fails the login, and own slots are tried all the same', async () => {
  await using place = await direct()
  const service = `xmpp://127.0.0.1:${await freePort()}`
  const account = ['--jid', 'romeo@montague.example', '--service', service]
  const env = { HFS_XMPP_PASSWORD: 'secret' }
  const { code, out } = await doctor(place.site.folder, [...place.set, ...account], { env })
  assert.equal(code, 1)
  assert.match(partOf(out, 'login'), /^failed.*No XMPP server answers at 127\.0\.0\.1/u)
  assert.match(partOf(out, 'xmpp-slot'), /^skipped.*needs login, which failed/u)
  assert.match(partOf(out, 'upload'), /^ok/u)
})

test('without a configuration nothing is uploaded while the XMPP server gives no slots', async () => {
  await using place = await direct()
  const service = `xmpp://127.0.0.1:${await freePort()}`
  const account = ['--jid', 'romeo@montague.example', '--service', service]
  const env = { HFS_XMPP_PASSWORD: 'secret' }
  const { out } = await doctor('/', ['--url', place.url, ...account], { env })
  assert.match(partOf(out, 'upload'), /^skipped.*needs login, which failed/u)
  assert.match(partOf(out, 'clock'), /^skipped.*the server unknown.*the XMPP server unknown/u)
})

test('the doctor stops when it is asked to', async () => {
  await using place = await direct()
  const { code, err } = await runCli(['doctor', ...place.set], place.site.folder)
  assert.equal(code, 1)
  assert.equal(err, 'Stopped\n')
})

test('the variable of the password is no mistake in the configuration', async (t) => {
  const cwd = await temporaryFolder(t)
  const env = { HFS_XMPP_PASSWORD: 'secret', HFS_GRANTS_V2_SECRET: SECRETS.v2 }
  const { code, err } = await runCli(['sign', 'a/b.jpg', '1000'], cwd, { env })
  assert.equal(code, 0, err)
})

test('certificates: not trusted, for another name, and about to end', async () => {
  using folder = scratchFolder()
  const { certFile, keyFile } = writeCertificate(folder.path)
  const port = await freePort()
  const settings = [`server.listen=127.0.0.1:${port}`, `server.tls_cert=${certFile}`]
  const url = `https://localhost:${port}/`
  await using _site = await startSite([
    ...settings,
    `server.tls_key=${keyFile}`,
    `server.public_url=${url}`,
  ])
  const untrusted = await doctor('/', ['--url', url])
  assert.equal(untrusted.code, 1)
  assert.match(
    partOf(untrusted.out, 'tls'),
    /is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)[^]*--ca/u,
  )

  const foreign = await doctor('/', ['--url', `https://127.0.0.1:${port}/`, '--ca', certFile])
  assert.match(partOf(foreign.out, 'tls'), /is for localhost, not for 127\.0\.0\.1/u)

  const ending = await doctor('/', ['--url', url])
  assert.equal(ending.code, 0, ending.out)
  assert.match(partOf(ending.out, 'tls'), /^warning.*ends on \d{4}-\d\d-\d\d[^]*certbot renew/u)
})

test('a port that speaks plain http is no TLS', async () => {
  await using place = await direct()
  const { code, out } = await doctor('/', ['--url', place.url.replace('http:', 'https:')])
  assert.equal(code, 1)
  assert.match(partOf(out, 'tls'), /^failed.*127\.0\.0\.1 does not speak TLS[^]*listen 443 ssl;/u)
})

test('an authority that is none is said so', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'ca.pem'), 'none')
  const { code, err } = await doctor(cwd, ['--url', 'http://localhost/', '--ca', 'ca.pem'])
  assert.equal(code, 1)
  assert.match(err, /ca\.pem holds no certificate/u)
})
