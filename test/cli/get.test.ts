import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import test from 'node:test'
import { eventually, startSite } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'
import { type AnswerCut, type AnswerCutter, answerCutter } from '../client/answer-cutter.ts'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { RUNNING, runCli, temporaryFolder } from './cli-run.ts'
import { ordinaryUser } from './ordinary-user.ts'
import { report } from './put-run.ts'
import { startCommand } from './running-command.ts'
import { startWrongProxy } from './wrong-proxy.ts'

const random = seededRandom(seedOfThisRun())

interface Published extends AsyncDisposable {
  readonly proxy: AnswerCutter
  readonly url: string
}

async function published(content: Buffer, cuts: readonly AnswerCut[] = []): Promise<Published> {
  await using opened = new AsyncDisposableStack()
  const site = opened.use(await startSite())
  const proxy = opened.use(await answerCutter(() => site.port, cuts))
  await ask(site.port, signedPut('a1b2/cat video.mp4', content))
  const kept = opened.move()
  const url = `http://127.0.0.1:${proxy.port}/a1b2/cat%20video.mp4`
  return { proxy, url, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

test('get puts the file into the current folder under its name, and leaves nothing else', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(100_000)
  await using there = await published(content)
  const { code, out, err } = await runCli(['get', there.url], cwd, RUNNING)
  assert.deepEqual([code, out, err], [0, 'cat video.mp4\n', ''])
  assert.deepEqual(await readdir(cwd), ['cat video.mp4'])
  assert.ok(content.equals(await readFile(join(cwd, 'cat video.mp4'))))
})

test('get puts the file into a folder that -o names, and a folder is replaced by nothing', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.from('meow'))
  await mkdir(join(cwd, 'cats', 'cat video.mp4'), { recursive: true })
  await mkdir(join(cwd, 'others'))
  const { code, out } = await runCli(['get', there.url, '-o', 'others'], cwd, RUNNING)
  assert.deepEqual([code, out], [0, 'others/cat video.mp4\n'])
  assert.equal(await readFile(join(cwd, 'others', 'cat video.mp4'), 'utf8'), 'meow')
  const taken = await runCli(['get', there.url, '-o', 'cats', '--force', '--json'], cwd, RUNNING)
  const { code: why, path } = report(taken.out)
  const folder = join(cwd, 'cats', 'cat video.mp4')
  assert.deepEqual([taken.code, why, path], [1, 'file-exists', folder])
})

test('get --json tells of the file in one line', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.from('meow'))
  const { out } = await runCli(['get', there.url, '-o', 'x.mp4', '--json'], cwd, RUNNING)
  assert.deepEqual(report(out), {
    ok: true,
    code: 'downloaded',
    url: there.url,
    path: join(cwd, 'x.mp4'),
    size: 4,
    type: 'application/octet-stream',
    resumedAt: 0,
  })
})

test('get --json brings a terminal nothing of a server that it would obey', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.from('meow'))
  const type = 'video/mp4; a="\u009b2J"'
  const answered = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => ({
    ...headers,
    'content-type': type,
  })
  await using proxy = await startWrongProxy(() => there.proxy.port, { answered })
  const url = `http://127.0.0.1:${proxy.port}/a1b2/cat%20video.mp4`
  const { out } = await runCli(['get', url, '-o', 'x.mp4', '--json'], cwd, RUNNING)
  assert.doesNotMatch(out.trimEnd(), /\p{Cc}/u)
  assert.equal(report(out)['type'], type)
})

test('get replaces no file unless it is told to', async (t) => {
  const cwd = await temporaryFolder(t)
  const path = join(cwd, 'cat video.mp4')
  await writeFile(path, 'mine')
  await using there = await published(Buffer.from('meow'))
  for (const name of [[], ['-o', 'cat video.mp4']]) {
    const { code, err } = await runCli(['get', there.url, ...name], cwd, RUNNING)
    assert.equal(code, 1)
    assert.match(err, /cat video\.mp4 exists: name another with -o, or replace it with --force/u)
    assert.equal(await readFile(path, 'utf8'), 'mine')
  }
  assert.equal((await runCli(['get', there.url, '--force'], cwd, RUNNING)).code, 0)
  assert.equal(await readFile(path, 'utf8'), 'meow')
})

test('a get that begins while another one fetches the same file says so, and does not disturb it', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(2_000_000)
  await using there = await published(content, [{ at: 1_000_000, kind: 'silence' }])
  await using first = startCommand(['get', there.url], cwd)
  await eventually(async () => (await sizeOf(partOf(there.url, cwd))) > 0)
  const second = await runCli(['get', there.url, '-o', 'x', '--json'], cwd, RUNNING)
  const { code, holder, message } = report(second.out)
  assert.deepEqual([second.code, code, holder], [1, 'already-downloading', first.child.pid])
  const text = `Process ${first.child.pid} is downloading this file to this folder already: wait for it, or stop`
  assert.ok(String(message).startsWith(text), String(message))
  assert.equal((await first.ended).code, 0)
  assert.ok(content.equals(await readFile(join(cwd, 'cat video.mp4'))))
})

test('a loss is told where no person watches, but not with --quiet; how it ends is always told', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(2_000_000)
  const cuts: AnswerCut[] = [{ at: 1_000_000, kind: 'reset' }]
  for (const quiet of [[], ['--quiet']]) {
    await using there = await published(content, cuts)
    const argv = ['get', there.url, '-o', `cat${quiet.length}`, ...quiet]
    await using running = startCommand(argv, cwd)
    const { code, out, err } = await running.ended
    assert.deepEqual([code, out], [0, `cat${quiet.length}\n`])
    const lines = err.split('\n')
    if (quiet.length > 0) assert.equal(err, '')
    else {
      assert.match(
        lines[0] ?? '',
        /^cat0: interrupted(?: at .* of 2\.0 MB)? \(connection lost: .*\); trying/u,
      )
      // On a busy machine it may be interrupted more than once.
      assert.match(lines.at(-2) ?? '', /^cat0: went on at .* of 2\.0 MB, after \d+:\d\d$/u)
      assert.doesNotMatch(err, /^(?!cat0: )./mu)
    }
    const gone = await runCli(['get', `${there.url}x`, ...quiet], cwd, RUNNING)
    assert.match(gone.err, /^error: /u)
  }
})

test('get that Ctrl-C stops says how to go on, and ends with 130', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(random.bytes(6_000_000), [{ at: 3_000_000, kind: 'silence' }])
  await using running = startCommand(['get', there.url], cwd)
  await eventually(async () => (await sizeOf(partOf(there.url, cwd))) > 0)
  running.child.kill('SIGINT')
  const outcome = await running.ended
  const err = 'Stopped. The same command goes on from here.\n'
  assert.deepEqual(outcome, { code: 130, out: '', err })
})

test('get that is killed goes on at the byte when it is called again', async (t) => {
  t.diagnostic(`SEED=${random.seed}`)
  const cwd = await temporaryFolder(t)
  const content = random.bytes(24_000_000)
  const at = random.integer(4_000_000, 20_000_000)
  await using there = await published(content, [{ at, kind: 'silence' }])
  const part = partOf(there.url, cwd)
  {
    await using running = startCommand(['get', there.url], cwd)
    await eventually(async () => (await sizeOf(part)) > at - 1_000_000)
    running.child.kill('SIGKILL')
    await running.ended
  }
  const had = await sizeOf(part)
  const before = there.proxy.passed()
  const { code, out } = await runCli(['get', there.url, '--json'], cwd, RUNNING)
  assert.equal(code, 0)
  assert.equal(report(out)['resumedAt'], had)
  assert.deepEqual(await readdir(cwd), ['cat video.mp4'])
  assert.ok(content.equals(await readFile(join(cwd, 'cat video.mp4'))))
  const more = there.proxy.passed() - before - (content.length - had)
  assert.ok(more < 2000, `${more} bytes more than were missing`)
})

/** Where the bytes of an unfinished file stand: the URL is a secret, so its name says nothing of it. */
function partOf(url: string, folder: string): string {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 32)
  return join(folder, `.${name}.part`)
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}

test('get that is stopped keeps what has come, and with --json tells the code', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(6_000_000)
  await using there = await published(content, [{ at: 3_000_000, kind: 'silence' }])
  const stop = new AbortController()
  const running = runCli(['get', there.url, '--json'], cwd, { stopRequested: () => stop.signal })
  const part = partOf(there.url, cwd)
  await eventually(async () => (await sizeOf(part)) > 0)
  stop.abort()
  const { code, out, err } = await running
  assert.deepEqual([code, err], [130, ''])
  const message = 'Stopped. The same command goes on from here.'
  assert.deepEqual(report(out), { ok: false, code: 'stopped', message })
  assert.deepEqual(await readdir(cwd), [basename(part), `${basename(part)}.json`])
})

test('what an earlier get left of another file is not gone on with', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.from('meow, meow, meow'))
  const path = join(cwd, 'cat video.mp4')
  const part = partOf(there.url, cwd)
  const note = { etag: '"another"', size: 16 }
  for (const text of [JSON.stringify(note), '{"etag":', '{}', 'null']) {
    await writeFile(part, 'woof')
    await writeFile(`${part}.json`, text)
    assert.equal((await runCli(['get', there.url, '--force'], cwd, RUNNING)).code, 0)
    assert.equal(await readFile(path, 'utf8'), 'meow, meow, meow')
  }
})

test('a part that is complete only lacks its name', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.from('meow, meow, meow'))
  const path = join(cwd, 'cat video.mp4')
  const found = await fetch(there.url, { method: 'HEAD' })
  const note = { etag: found.headers.get('etag'), size: 16 }
  const part = partOf(there.url, cwd)
  await writeFile(part, 'meow, meow, meow')
  await writeFile(`${part}.json`, JSON.stringify(note))
  const { out } = await runCli(['get', there.url, '--json'], cwd, RUNNING)
  assert.equal(report(out)['resumedAt'], 15)
  assert.equal(await readFile(path, 'utf8'), 'meow, meow, meow')
})

test('a failure says what to do, as text or as JSON', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.from('meow'))
  const gone = `${there.url}x`
  const text = await runCli(['get', gone], cwd, RUNNING)
  assert.equal(text.code, 1)
  assert.match(text.err, /error: The server answered 404\. The link is wrong, or the file was/u)
  const json = await runCli(['get', gone, '--json'], cwd, RUNNING)
  assert.equal(json.code, 1)
  const { ok, code, status } = report(json.out)
  assert.deepEqual([ok, code, status], [false, 'refused', 404])
  const nowhere = await runCli(['get', there.url, '-o', 'none/x', '--json'], cwd, RUNNING)
  const local = report(nowhere.out)
  assert.deepEqual([local['code'], local['system']], ['local-problem', 'ENOENT'])
})

test('get that cannot write its file ends at once, although the file is large', async (t) => {
  const cwd = await temporaryFolder(t)
  await using there = await published(Buffer.alloc(24_000_000))
  await using running = startCommand(['get', there.url, '-o', 'none/x'], cwd)
  const { code, err } = await running.ended
  assert.equal(code, 1)
  assert.match(
    err,
    /^error: Nothing can be kept in .*\/none, for it is not there: name another place with -o\n$/u,
  )
})

test('a folder that may not be written to is named, with what to do, and nothing of what is kept in it', async (t) => {
  const cwd = await temporaryFolder(t)
  await chmod(cwd, 0o755)
  const folder = join(cwd, 'locked')
  await mkdir(folder, { mode: 0o555 })
  await using there = await published(Buffer.from('meow'))
  using _user = ordinaryUser()
  for (const output of ['locked', 'locked/cat.mp4']) {
    const { code, out, err } = await runCli(['get', there.url, '-o', output], cwd, RUNNING)
    assert.deepEqual([code, out], [1, ''])
    assert.equal(
      err,
      `error: Nothing can be kept in ${folder}, for its rights, or those of a folder above it, do not allow it: ` +
        'name another place with -o\n',
    )
  }
})

test('a port that no browser connects to either is told at once', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['get', 'http://127.0.0.1:6000/cat.mp4'], cwd, RUNNING)
  assert.equal(code, 1)
  assert.match(
    err,
    /^error: fetch never connects to the port of 127\.0\.0\.1:6000 \(bad port\)\. /u,
  )
})

test('a link that is no link of the web is wrong usage; an aesgcm link says what to do', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const argv of [[], ['cat.mp4'], ['file:///etc/passwd'], ['http://a/b', 'c']]) {
    assert.equal((await runCli(['get', ...argv], cwd)).code, 2)
  }
  const { code, err } = await runCli(['get', 'aesgcm://files.example/a/b.jpg#00ff'], cwd)
  assert.equal(code, 2)
  assert.match(err, /is encrypted: open the link in the chat client that received it/u)
})

test('on a terminal, get shows how far it is and what happens', async (t) => {
  const cwd = await temporaryFolder(t)
  const content = random.bytes(3_000_000)
  await using there = await published(content, [{ at: 1_500_000, kind: 'reset' }])
  const { err } = await runCli(['get', there.url], cwd, { ...RUNNING, isWatched: true })
  const drawn = err.split('\r')
  assert.match(drawn[1] ?? '', /cat video\.mp4 {2}░{24} {4}0 %/u)
  assert.ok(drawn.some((line) => line.includes('connection lost: ')))
  assert.match(drawn.at(-1) ?? '', /█{24} {2}100 %.* went on at \d[^\n]*\n$/u)
})
