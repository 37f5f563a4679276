import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { type Cut, cuttingProxy } from '../app/cutting-proxy.ts'
import { type ProxiedSite, proxiedSite } from '../app/proxied-site.ts'
import { startSite } from '../app/site.ts'
import { localServer } from '../client/local-server.ts'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { RUNNING, runCli, temporaryFolder } from './cli-run.ts'
import { holdingProxy } from './holding-proxy.ts'
import { ordinaryUser } from './ordinary-user.ts'
import { put, report, slot } from './put-run.ts'
import { startCommand } from './running-command.ts'
import { startWrongProxy } from './wrong-proxy.ts'

const random = seededRandom(seedOfThisRun())

interface Scene extends AsyncDisposable {
  readonly there: ProxiedSite
  readonly cwd: string
  readonly content: Buffer
}

/** A file, `cat.jpg`, and a server behind a proxy. */
async function scene(t: TestContext, size: number, cuts: readonly Cut[] = []): Promise<Scene> {
  t.diagnostic(`SEED=${random.seed}`)
  const cwd = await temporaryFolder(t)
  const content = random.bytes(size)
  await writeFile(join(cwd, 'cat.jpg'), content)
  const there = await proxiedSite(cuts)
  return {
    there,
    cwd,
    content,
    [Symbol.asyncDispose]: async () => await there[Symbol.asyncDispose](),
  }
}

for (const size of [0, 1, 1000, 3_000_000]) {
  test(`put of a file of ${size} bytes that is there already says so, and where`, async (t) => {
    await using made = await scene(t, size)
    const { there, cwd, content } = made
    const argv = ['cat.jpg', ...slot(there, 'a1b2/cat.jpg', { content })]
    const link = `http://127.0.0.1:${there.proxy.port}/a1b2/cat.jpg`
    assert.equal((await put(cwd, ...argv)).out, `${link}\n`)
    const before = there.proxy.passed()
    const again = await put(cwd, ...argv, '--json')
    assert.equal(again.code, 0, again.out)
    assert.equal(report(again.out)['url'], link)
    assert.ok(there.proxy.passed() - before < size + 5000)
    if (size < 1_000_000) return
    // The server takes a small file again, for it sends no more than the question would.
    assert.equal(report(again.out)['code'], 'already-there')
    const { code, out, err } = await put(cwd, ...argv)
    assert.deepEqual([code, out], [0, `${link}\n`])
    assert.match(err, /(?:^|\n)It was there already: nothing was sent\.\n$/u)
    assert.equal((await put(cwd, ...argv, '--quiet')).err, '')
  })
}

for (const size of [100_000, 3_000_000]) {
  test(`put of another file of ${size} bytes to a slot that was used fails, wherever it differs`, async (t) => {
    await using made = await scene(t, size)
    const { there, cwd, content } = made
    const url = slot(there, 'a1b2/cat.jpg', { content })
    assert.equal((await put(cwd, 'cat.jpg', ...url)).code, 0)
    for (const at of [0, size / 2, size - 1]) {
      await writeFile(join(cwd, 'dog.jpg'), flippedAt(content, at))
      expectConflict(await put(cwd, 'dog.jpg', ...url, '--json'))
    }
  })

  test(`put of another file of ${size} bytes to a slot that was used fails after a cut as well`, async (t) => {
    await using made = await scene(t, size)
    const { there, cwd, content } = made
    const url = slot(there, 'a1b2/cat.jpg', { content })
    assert.equal((await put(cwd, 'cat.jpg', ...url)).code, 0)
    await writeFile(join(cwd, 'dog.jpg'), flippedAt(content, size / 2))
    // The server compares a small file, and asks for no byte of a large one: there the cut is in a question.
    const at = size < 1_000_000 ? size / 2 : 600
    await using proxy = await cuttingProxy(() => there.site.port, [{ at, kind: 'reset' }])
    const again = slot({ proxy }, 'a1b2/cat.jpg', { content })
    expectConflict(await put(cwd, 'dog.jpg', ...again, '--json'))
    assert.equal(proxy.left(), 0)
  })
}

test('put of another file to a slot that was used fails whatever answer is lost before', async (t) => {
  await using made = await scene(t, 3_000_000)
  const { there, cwd, content } = made
  const url = slot(there, 'a1b2/cat.jpg', { content })
  assert.equal((await put(cwd, 'cat.jpg', ...url)).code, 0)
  await writeFile(join(cwd, 'dog.jpg'), flippedAt(content, 0))
  for (const at of [100, 400, 700, 1000]) {
    await using proxy = await cuttingProxy(() => there.site.port, [{ at, kind: 'lost-answer' }])
    const again = slot({ proxy }, 'a1b2/cat.jpg', { content })
    expectConflict(await put(cwd, 'dog.jpg', ...again, '--json'))
    if (at < 500) assert.equal(proxy.left(), 0)
  }
})

/** The content with one bit changed. */
function flippedAt(content: Buffer, at: number): Buffer {
  const other = Buffer.from(content)
  other[at] = (other[at] ?? 0) ^ 1
  return other
}

function expectConflict({ code, out }: { readonly code: number; readonly out: string }): void {
  const { code: why, status, problem, message } = report(out)
  assert.deepEqual([code, why, status], [1, 'refused', 409])
  assert.match(String(problem), /^(?:slot-conflict|session-exists)$/u)
  assert.match(String(message), /The slot has another file already.*ask the XMPP server/u)
}

test('put of a file that was sent, but refused when it was sent again, does not say that nothing was', async (t) => {
  await using made = await scene(t, 100_000, [{ at: 50_000, kind: 'lost-answer' }])
  const { there, cwd, content } = made
  let puts = 0
  const answers = ({ method }: IncomingMessage): number | undefined => {
    if (method === 'PUT') puts += 1
    return puts > 1 && method === 'PUT' ? 403 : undefined
  }
  await using proxy = await startWrongProxy(() => there.proxy.port, { answers })
  const argv = ['cat.jpg', ...slot({ proxy }, 'a1b2/cat.jpg', { content })]
  const { code, out, err } = await put(cwd, ...argv)
  assert.deepEqual([code, out], [0, `http://127.0.0.1:${proxy.port}/a1b2/cat.jpg\n`])
  assert.deepEqual([puts, there.proxy.left()], [2, 0])
  assert.match(err, /^cat\.jpg: interrupted/u)
  assert.doesNotMatch(err, /already|nothing/u)
})

test('put of a file that is there to a slot that expired since is no failure', async (t) => {
  await using made = await scene(t, 3_000_000)
  const { there, cwd, content } = made
  const first = slot(there, 'a1b2/cat.jpg', { content, scheme: 'jwt' })
  assert.equal((await put(cwd, 'cat.jpg', ...first)).code, 0)
  const late = { content, scheme: 'jwt', expiresAt: systemClock() - 3_600_000 } as const
  const again = await put(cwd, 'cat.jpg', ...slot(there, 'a1b2/cat.jpg', late), '--json')
  assert.equal(report(again.out)['code'], 'already-there')
  const unused = await put(cwd, 'cat.jpg', ...slot(there, 'c3d4/cat.jpg', late))
  assert.equal(unused.code, 1)
  assert.match(
    unused.err,
    /403 grant-expired\. The slot has expired: ask the XMPP server for another/u,
  )
})

test('a file that cannot be read is told in one line with the reason, and asks no server', async (t) => {
  const cwd = await temporaryFolder(t)
  await mkdir(join(cwd, 'folder'))
  const url = 'http://127.0.0.1:1/a'
  const wrong = [
    ['folder', 'is a folder: pack it into one file first', 'EISDIR'],
    ['none.jpg', 'is not there', 'ENOENT'],
    ['none/cat.jpg', 'is not there', 'ENOENT'],
    ['/dev/null', 'is no file', undefined],
  ] as const
  for (const [file, why, system] of wrong) {
    const text = await put(cwd, file, url)
    assert.deepEqual([text.code, text.out], [1, ''])
    assert.match(text.err, new RegExp(`^error: .*${file} ${why}\n$`, 'u'))
    const json = await put(cwd, file, url, '--json')
    assert.equal(json.code, 1)
    const told = report(json.out)
    assert.deepEqual([told['code'], told['system']], ['file-unusable', system])
  }
})

test('a file whose rights do not allow to read it is told so', async (t) => {
  const cwd = await temporaryFolder(t)
  await chmod(cwd, 0o755)
  const path = join(cwd, 'cat.jpg')
  await writeFile(path, 'x', { mode: 0o200 })
  using _user = ordinaryUser()
  const { code, err } = await put(cwd, 'cat.jpg', 'http://127.0.0.1:1/a')
  assert.equal(code, 1)
  assert.match(err, /^error: .*cat\.jpg may not be read: its rights, .* do not allow it\n$/u)
})

test('a folder of unfinished uploads that may not be written to is named, with what to do', async (t) => {
  const cwd = await temporaryFolder(t)
  await chmod(cwd, 0o755)
  await writeFile(join(cwd, 'cat.jpg'), 'x')
  await mkdir(join(cwd, 'locked'), { mode: 0o555 })
  using _user = ordinaryUser()
  for (const state of ['locked', 'locked/deeper']) {
    const argv = ['put', 'cat.jpg', 'http://127.0.0.1:1/a', '--state', state]
    const { code, out, err } = await runCli(argv, cwd, RUNNING)
    assert.deepEqual([code, out], [1, ''])
    const told =
      /^error: Nothing can be kept in (.*), for its rights, .* do not allow it: name another folder with --state DIR\n$/u
    assert.equal(told.exec(err)?.[1], join(cwd, state), err)
    const {
      code: why,
      system,
      path,
    } = report((await runCli([...argv, '--json'], cwd, RUNNING)).out)
    assert.deepEqual([why, system, path], ['local-problem', 'EACCES', join(cwd, state)])
  }
})

test('a URL that is none of a slot is told so', async (t) => {
  await using made = await scene(t, 1000)
  const { there, cwd } = made
  const { port } = there.proxy
  for (const path of ['', 'a1b2/cat.jpg']) {
    const { code, err } = await put(cwd, 'cat.jpg', `http://127.0.0.1:${port}/${path}`)
    assert.equal(code, 1)
    assert.match(err, /40[01] [a-z-]+\. The URL has to be that of a slot, query and all/u)
  }
  const secret = await put(cwd, 'cat.jpg', 'http://romeo:secret@files.example/a')
  assert.equal(secret.code, 2)
  assert.doesNotMatch(secret.err, /secret/u)
})

test('put into a network that shows its login page for everything does not say that the file is there', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'cat.jpg'), random.bytes(100_000))
  await using portal = await localServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<form>Log in</form>')
    })
  })
  const { code, out, err } = await put(cwd, 'cat.jpg', `${portal.url}a1b2/cat.jpg`)
  assert.deepEqual([code, out], [1, ''])
  assert.match(
    err,
    /^error: The server answered a web page\. .*or a network with a login page\.\n$/u,
  )
  assert.equal(portal.requests.filter((line) => line.startsWith('PUT')).length, 1)
})

test('put tells a loss where no person watches, but not with --quiet', async (t) => {
  for (const flags of [[], ['--json'], ['--quiet']]) {
    await using made = await scene(t, 6_000_000, [{ at: 3_000_000, kind: 'reset' }])
    const { there, cwd, content } = made
    const argv = ['cat.jpg', ...slot(there, 'a1b2/cat.jpg', { content }), ...flags]
    const { code, err } = await put(cwd, ...argv)
    assert.deepEqual([code, there.proxy.left()], [0, 0])
    const lines = err.split('\n').filter(Boolean)
    if (flags.includes('--quiet')) assert.deepEqual(lines, [])
    else if (flags.includes('--json')) {
      // On a busy machine it may be interrupted more than once.
      const codes = lines.map((line) => report(`${line}\n`)['code'])
      assert.deepEqual([codes[0], codes.at(-1)], ['lost', 'continued'])
    } else {
      assert.match(
        lines[0] ?? '',
        /^cat\.jpg: interrupted(?: at .* of 6\.0 MB)? \(connection lost: .*\); trying again$/u,
      )
      assert.match(lines.at(-1) ?? '', /^cat\.jpg: went on at .* of 6\.0 MB, after \d+:\d\d$/u)
      assert.doesNotMatch(err, /^(?!cat\.jpg: )./mu)
    }
  }
})

test('put that Ctrl-C stops says how to go on, ends with 130, and does go on', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(6_000_000)
  await writeFile(join(cwd, 'cat.jpg'), content)
  let port = 0
  await using proxy = await holdingProxy(() => port, 3_000_000)
  await using site = await startSite([`server.public_url=http://127.0.0.1:${proxy.port}/`])
  ;({ port } = site)
  const argv = ['put', 'cat.jpg', ...slot({ proxy }, 'a1b2/cat.jpg', { content })]
  {
    await using running = startCommand(argv, cwd)
    await proxy.held
    running.child.kill('SIGINT')
    const { code, out, err } = await running.ended
    assert.deepEqual([code, out], [130, ''])
    assert.match(err, /(?:^|\n)Stopped\. The same command goes on from here\.\n$/u)
    assert.doesNotMatch(err, /^(?:error:| +at )/mu)
  }
  const before = proxy.passed()
  await using again = startCommand(argv, cwd)
  const { code, err } = await again.ended
  assert.equal(code, 0, err)
  assert.match(err, /^cat\.jpg: went on at \d/mu)
  assert.ok(proxy.passed() - before < content.length)
})

test('a file that is removed while it is sent is told', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(6_000_000)
  await writeFile(join(cwd, 'cat.jpg'), content)
  let port = 0
  await using proxy = await holdingProxy(() => port, 3_000_000)
  await using site = await startSite([`server.public_url=http://127.0.0.1:${proxy.port}/`])
  ;({ port } = site)
  const running = put(cwd, 'cat.jpg', ...slot({ proxy }, 'a1b2/cat.jpg', { content }), '--json')
  await proxy.held
  await rm(join(cwd, 'cat.jpg'))
  const { code, out } = await running
  assert.deepEqual([code, report(out)['code']], [1, 'source-changed'])
})
