/** Several processes that serve one port over one state; each connection goes to one of them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SECRETS, auditOf, stored, storedBytes, temporaryFolder } from './site.ts'
import { type SignedPut, get, signedPut } from './slots.ts'
import { type TeamSite, startTeamSite } from './team-site.ts'
import { contentOf, halfSent, metricsOf } from './visits.ts'
import { type Wire, ask } from './wire-client.ts'

function largePut(path: string): SignedPut {
  return signedPut(path, randomBytes(200_000))
}

/** Resolves when the server has ended a connection. */
async function cut(wire: Wire): Promise<void> {
  await wire.ended
}

/** Leaves a PUT half-open; resolves when a worker has stored its first half, beside whatever was there before. */
async function leftOpen(site: TeamSite, put: SignedPut): Promise<Wire> {
  const before = await storedBytes(site)
  const wire = await halfSent(site, put)
  await stored(site, before + Math.floor(put.body.length / 2))
  return wire
}

/** Chance decides which worker accepts a connection: tries until `attempt` met two of them. */
async function across(attempt: (path: string) => Promise<boolean>): Promise<void> {
  for (let at = 0; at < 30; at += 1) if (await attempt(`a/${at}.bin`)) return
  assert.fail('every attempt met one worker only')
}

/** The workers that wrote a line with this message, in order. */
function authors(site: TeamSite, msg: string): unknown[] {
  return site.lines.filter((line) => line['msg'] === msg).map(({ worker }) => worker)
}

test('a PUT that was left half-open on one worker is taken over on another', async () => {
  await using site = await startTeamSite(['storage.fsync=ack'])
  await across(async (path) => {
    const put = largePut(path)
    using open = await leftOpen(site, put)
    const { status } = await ask(site.port, { ...put, from: '127.0.0.3' })
    assert.equal(status, 201)
    await cut(open)
    assert.deepEqual(await contentOf(site, path), put.body)
    const [from, to] = [authors(site, 'upload interrupted'), authors(site, 'file published')]
    return from.length > 0 && from.at(-1) !== to.at(-1)
  })
})

test('however often an upload is left half-open, the last sender finishes it', async () => {
  await using site = await startTeamSite(['storage.fsync=ack'])
  const put = largePut('a/b.bin')
  const left: Wire[] = []
  for (let at = 0; at < 8; at += 1) {
    left.push(await halfSent(site, put, `127.0.0.${at + 2}`))
    // One that is overtaken while it waits for its turn was never under way: it is not interrupted.
    await site.logged(() => authors(site, 'request finished').length >= at)
  }
  const { status } = await ask(site.port, { ...put, from: '127.0.0.20' })
  assert.equal(status, 201)
  await Promise.all(left.map(cut))
  assert.deepEqual(await contentOf(site, 'a/b.bin'), put.body)
})

test('a reader who waits at one worker gets the file that is published by another', async () => {
  await using site = await startTeamSite()
  await across(async (path) => {
    const put = largePut(path)
    using open = await leftOpen(site, put)
    const reading = ask(site.port, get(path))
    await eventuallyWaiting(site, 1)
    open.send(put.body.subarray(put.body.length / 2))
    await open.until('HTTP/1.1 201 ')
    const { status, body } = await reading
    assert.equal(status, 200)
    assert.deepEqual(body, put.body)
    const answered = await site.logged(
      (line) => line['method'] === 'GET' && line['path'] === `/${path}`,
    )
    return answered['worker'] !== authors(site, 'file published').at(-1)
  })
})

/** Resolves when so many readers wait. */
async function eventuallyWaiting(site: TeamSite, readers: number): Promise<void> {
  const deadline = AbortSignal.timeout(20_000)
  while (!(await metricsOf(site)).includes(`hfs_waiting_readers ${readers}\n`)) {
    deadline.throwIfAborted()
  }
}

/** Uploads that are under way: so many that each worker has some of them. */
async function severalOpen(site: TeamSite): Promise<{ puts: SignedPut[]; open: Wire[] }> {
  const puts = Array.from({ length: 12 }, (_, at) => largePut(`a/${at}.bin`))
  const open: Wire[] = []
  for (const put of puts) open.push(await leftOpen(site, put))
  return { puts, open }
}

test('a worker that is killed is replaced, and whoever comes back finishes its upload', async () => {
  await using site = await startTeamSite(['storage.fsync=ack'])
  const { puts, open } = await severalOpen(site)
  const [victim = 0] = site.workers()
  process.kill(victim, 'SIGKILL')
  await Promise.race(open.map(cut))
  for (const put of puts) {
    assert.equal((await ask(site.port, { ...put, from: '127.0.0.3' })).status, 201)
  }
  await site.logged(({ msg }) => msg === 'a worker ended by itself and is replaced')
  await site.logged(({ msg, worker }) => msg === 'worker started' && site.workers()[2] === worker)
  for (const [at, put] of puts.entries()) {
    assert.deepEqual(await contentOf(site, `a/${at}.bin`), put.body)
  }
  for (const wire of open) wire[Symbol.dispose]()
})

test('a worker that hangs is passed over, and can do no harm when it goes on', async () => {
  await using site = await startTeamSite(['storage.fsync=ack'])
  const { puts, open } = await severalOpen(site)
  const [hung = 0] = site.workers()
  process.kill(hung, 'SIGSTOP')
  try {
    for (const put of puts) assert.equal((await ask(site.port, put)).status, 201)
    await site.logged(({ msg }) => msg === 'a worker that does not answer lost a slot')
  } finally {
    process.kill(hung, 'SIGCONT')
  }
  await Promise.all(open.map(cut))
  for (const [at, put] of puts.entries()) {
    assert.deepEqual(await contentOf(site, `a/${at}.bin`), put.body)
  }
})

test('what all workers counted is one sum, from which nothing is missing when one of them ends', async () => {
  await using site = await startTeamSite()
  for (let at = 0; at < 6; at += 1) {
    assert.equal((await ask(site.port, signedPut(`a/${at}`, 'hello'))).status, 201)
  }
  const sum = 'hfs_uploads_total{face="plain",outcome="published"} 6\n'
  const before = await metricsOf(site)
  assert.ok(before.includes(sum), before)
  assert.match(before, /^hfs_build_info\{.*\} 1$/mu)
  const [victim = 0] = site.workers()
  process.kill(victim, 'SIGKILL')
  await site.logged(({ msg }) => msg === 'a worker ended by itself and is replaced')
  assert.ok((await metricsOf(site)).includes(sum))
})

test('SIGHUP reaches every worker', async () => {
  const changed = 'another-key-of-the-tests-0f'
  await using home = await temporaryFolder()
  const file = join(home.path, 'secret')
  await writeFile(file, SECRETS.v1)
  await using site = await startTeamSite([`grants.v1_secret=file:${file}`])
  await writeFile(file, changed)
  site.signal('SIGHUP')
  const reloaded = (): number =>
    site.lines.filter(({ msg }) => msg === 'configuration reloaded').length
  await site.logged(() => reloaded() === 3)
  for (let at = 0; at < 20; at += 1) {
    const { status } = await ask(site.port, signedPut(`a/${at}`, 'hello', { secret: changed }))
    assert.equal(status, 201)
  }
})

test('SIGTERM lets running uploads finish and leaves no process and no torn audit line', async () => {
  await using site = await startTeamSite()
  const puts = Array.from({ length: 4 }, (_, at) => largePut(`a/${at}.bin`))
  const open: Wire[] = []
  for (const put of puts) open.push(await leftOpen(site, put))
  site.signal('SIGTERM')
  for (const [at, put] of puts.entries()) open[at]?.send(put.body.subarray(put.body.length / 2))
  await Promise.all(open.map(async (wire) => await wire.until('HTTP/1.1 201 ')))
  for (const wire of open) wire[Symbol.dispose]()
  assert.deepEqual(await site.ended, [0, null])
  for (const worker of site.workers()) {
    assert.throws(() => process.kill(worker, 0), { code: 'ESRCH' })
  }
  const events = (await auditOf(site.folder)).map(({ event }) => event)
  assert.equal(events.filter((event) => event === 'published').length, 4)
})

test('an address that is taken ends the start with a sentence', async () => {
  await using folder = await temporaryFolder()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : 0
  const settings = [`server.listen=127.0.0.1:${port}`, 'server.workers=2', 'admin.listen=']
  const program = fileURLToPath(new URL('../../bin/hmac-file-server.js', import.meta.url))
  const argv = [program, 'serve', ...settings.flatMap((flag) => ['--set', flag])]
  const child = spawn(process.execPath, argv, {
    cwd: folder.path,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: Buffer[] = []
  child.stderr.on('data', (piece: Buffer) => said.push(piece))
  assert.deepEqual(await once(child, 'close', { signal: AbortSignal.timeout(20_000) }), [1, null])
  assert.match(
    Buffer.concat(said).toString(),
    /Cannot listen on 127\.0\.0\.1:\d+: another program/u,
  )
  other.close()
})
