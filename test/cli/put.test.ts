import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { type Cut, type CuttingProxy, cuttingProxy } from '../app/cutting-proxy.ts'
import { type ProxiedSite, proxiedSite } from '../app/proxied-site.ts'
import { type Site, startSite } from '../app/site.ts'
import { get } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { runCli, temporaryFolder } from './cli-run.ts'
import { type HoldingProxy, holdingProxy } from './holding-proxy.ts'
import { put, report, slot } from './put-run.ts'
import { startCommand } from './running-command.ts'

const random = seededRandom(seedOfThisRun())
const HOUR = 3_600_000

async function downloaded({ port }: Site, path: string): Promise<Buffer> {
  return (await ask(port, get(path))).body
}

/** A folder with a file, and a server behind a proxy. */
async function scene(cwd: string, size: number): Promise<{ content: Buffer; there: ProxiedSite }> {
  const content = random.bytes(size)
  await writeFile(join(cwd, 'cat.jpg'), content)
  return { content, there: await proxiedSite([]) }
}

test('put uploads the file with its type, and prints the link', async (t) => {
  const cwd = await temporaryFolder(t)
  const { content, there } = await scene(cwd, 3_000_000)
  await using _there = there
  const url = slot(there, 'a1b2/cat.jpg', { content, scheme: 'v2', contentType: 'image/jpeg' })
  const { code, out, err } = await put(cwd, 'cat.jpg', ...url)
  const link = `http://127.0.0.1:${there.proxy.port}/a1b2/cat.jpg`
  assert.deepEqual([code, out, err], [0, `${link}\n`, ''])
  assert.equal((await fetch(link)).headers.get('content-type'), 'image/jpeg')
  assert.ok(content.equals(await downloaded(there.site, 'a1b2/cat.jpg')))
  assert.deepEqual(await readdir(join(cwd, 'state')), [])
})

test('put --json tells of the file in one line; fields, type and link are as they are given', async (t) => {
  const cwd = await temporaryFolder(t)
  const { content, there } = await scene(cwd, 1000)
  await using _there = there
  const url = slot(there, 'a1b2/cat.jpg', { content, scheme: 'jwt', contentType: 'image/webp' })
  assert.ok(url.includes('-H'))
  const link = ['--get-url', 'https://files.example/cat']
  const { out } = await put(cwd, 'cat.jpg', ...url, '--type', 'image/webp', ...link, '--json')
  assert.deepEqual(report(out), {
    ok: true,
    code: 'uploaded',
    url: 'https://files.example/cat',
    path: join(cwd, 'cat.jpg'),
    size: 1000,
    type: 'image/webp',
  })
})

/** A server behind a proxy that cuts a connection, and one before it that holds one. */
async function failingSite(
  cuts: readonly Cut[],
  hold: number,
): Promise<AsyncDisposable & { site: Site; cutter: CuttingProxy; proxy: HoldingProxy }> {
  await using opened = new AsyncDisposableStack()
  let port = 0
  const cutter = opened.use(await cuttingProxy(() => port, cuts))
  const proxy = opened.use(await holdingProxy(() => cutter.port, hold))
  const site = opened.use(await startSite([`server.public_url=http://127.0.0.1:${proxy.port}/`]))
  ;({ port } = site)
  const kept = opened.move()
  const dispose = async (): Promise<void> => await kept.disposeAsync()
  return { site, cutter, proxy, [Symbol.asyncDispose]: dispose }
}

for (const session of ['hmac', 'dpop', 'none']) {
  test(`put --session ${session} that is killed goes on at the byte when it is called again`, async (t) => {
    t.diagnostic(`SEED=${random.seed}`)
    const cwd = await temporaryFolder(t)
    const content = random.bytes(20_000_000)
    await writeFile(join(cwd, 'cat.jpg'), content)
    const cut = { at: random.integer(1e6, 5e6), kind: 'hole' } as const
    await using there = await failingSite([cut], random.integer(7e6, 18e6))
    const argv = ['put', 'cat.jpg', ...slot(there, 'a1b2/cat.jpg', { content })]
    {
      await using _running = startCommand([...argv, '--session', session], cwd)
      await there.proxy.held
    }
    await using again = startCommand([...argv, '--session', session, '--json'], cwd)
    const { code, out, err } = await again.ended
    assert.equal(code, 0, `${out}${err}`)
    assert.equal(there.cutter.left(), 0)
    assert.ok(content.equals(await downloaded(there.site, 'a1b2/cat.jpg')), 'other bytes')
    // Besides the file: heads of requests, and what the cut connection had brought to nobody.
    const more = there.cutter.passed() - content.length
    t.diagnostic(`${more} bytes more than the file has passed`)
    assert.ok(more < 150_000, `${more} bytes more than the file has passed`)
  })
}

test('put that is stopped says how to go on; after a long standby, that a new slot takes over', async (t) => {
  const cwd = await temporaryFolder(t)
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  const content = random.bytes(20_000_000)
  await writeFile(join(cwd, 'cat.jpg'), content)
  await using there = await failingSite([], 10_000_000)
  const first = slot(there, 'a1b2/cat.jpg', { content, scheme: 'jwt' })
  const stop = new AbortController()
  const stopped = runCli(['put', 'cat.jpg', ...first, '--state', 'state'], cwd, {
    stopRequested: () => stop.signal,
  })
  await there.proxy.held
  stop.abort()
  const { code, err } = await stopped
  assert.equal(code, 130)
  assert.match(err, /(?:^|\n)Stopped\. The same command goes on from here\.\n$/u)

  // A server that still reads what was sent would see no standby.
  there.proxy.drop()
  await there.site.logged('upload interrupted')
  t.mock.timers.setTime(systemClock() + 3 * HOUR)
  const late = await put(cwd, 'cat.jpg', ...first)
  assert.equal(late.code, 1)
  assert.match(late.err, /put FILE NEW_URL/u)

  const before = there.proxy.passed()
  const second = slot(there, 'c3d4/cat.jpg', { content, scheme: 'jwt' })
  const adopted = await put(cwd, 'cat.jpg', ...second)
  assert.equal(adopted.code, 0, adopted.err)
  assert.ok(content.equals(await downloaded(there.site, 'c3d4/cat.jpg')), 'other bytes')
  const sent = there.proxy.passed() - before
  assert.ok(sent < content.length - 5_000_000, `${sent} bytes were sent to the new slot`)
})

test('a failure says what to do, as text or as JSON', async (t) => {
  const cwd = await temporaryFolder(t)
  const { content, there } = await scene(cwd, 1000)
  await using _there = there
  const url = slot(there, 'a1b2/cat.jpg', { content, secret: 'not-the-one-of-the-server' })
  const text = await put(cwd, 'cat.jpg', ...url)
  assert.equal(text.code, 1)
  assert.match(text.err, /error: The server answered 403 grant-invalid\. Ask the XMPP server for/u)
  const json = await put(cwd, 'cat.jpg', ...url, '--json')
  assert.equal(json.code, 1)
  const { ok, code, status, problem } = report(json.out)
  assert.deepEqual([ok, code, status, problem], [false, 'refused', 403, 'grant-invalid'])
})

test('arguments that make no sense are wrong usage', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'a'), 'a')
  const url = 'http://127.0.0.1:1/a'
  for (const argv of [
    ['a'],
    ['a', 'b'],
    ['a', url, 'c'],
    ['a', url, '-H', 'no field'],
    ['a', url, '-H', 'Authorization: a\nb: c'],
    ['a', url, '-H', 'Authorization: ☃'],
    ['a', 'http://romeo:secret@files.example/a'],
    ['a', 'ftp://files.example/a'],
    ['a', url, '--session', 'cookie'],
    ['a', url, '--get-url', 'b'],
  ]) {
    assert.equal((await put(cwd, ...argv)).code, 2, argv.join(' '))
  }
})

test('a wrong --header is told without what it holds', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const field of ['Authorization Bearer secret', 'Authorization: Bearer secret\nx']) {
    const argv = ['put', 'photo.jpg', 'https://files.example/a', '-H', field]
    const { code, out, err } = await runCli(argv, cwd)
    assert.equal(code, 2)
    assert.match(err, /--header takes "Name: value"/u)
    assert.doesNotMatch(out + err, /secret/u)
  }
})
