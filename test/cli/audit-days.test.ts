import assert from 'node:assert/strict'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { FLAGS, SECRETS, eventually, startSite } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'
import { systemClock } from '../../src/core/clock.ts'
import { RUNNING, runCli, temporaryFolder } from './cli-run.ts'
import { startCommand } from './running-command.ts'

const DAY = 86_400_000
const KEPT = 'privacy.retention=30d'
const SET = [...FLAGS, KEPT, `grants.v1_secret=${SECRETS.v1}`].flatMap((flag) => ['--set', flag])

/** A server in a folder takes a file, so many days ago, and ends. */
async function serveAgo(t: TestContext, days: number, cwd: string): Promise<void> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() - days * DAY })
  await using site = await startSite([KEPT], { folder: cwd })
  assert.equal((await ask(site.port, signedPut(`a/${days}`, 'hello'))).status, 201)
  await site.server.shutdown()
  t.mock.timers.reset()
}

/** The files of the trail, and what they tell. */
async function trailOf(cwd: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(join(cwd, 'data'))
  const files = names
    .filter((name) => /^audit\.jsonl(?:\.2|$)/u.test(name))
    .map((name) => join(cwd, 'data', name))
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)),
  )
}

async function publishedIn(cwd: string): Promise<number> {
  const texts = [...(await trailOf(cwd)).values()].join('')
  return texts.split('"event":"published"').length - 1
}

/** A server takes a file now, and is killed once it has told of it. */
async function serveAndKill(path: string, cwd: string): Promise<void> {
  const before = await publishedIn(cwd)
  await using running = startCommand(['serve', ...SET], cwd)
  const { stdout } = running.child
  assert.ok(stdout !== null)
  for await (const line of createInterface(stdout)) {
    const [, port] = /^Listening on \S+:(\d+)/u.exec(line) ?? []
    if (port === undefined) continue
    assert.equal((await ask(Number(port), signedPut(path, 'hello'))).status, 201)
    break
  }
  await eventually(async () => (await publishedIn(cwd)) > before)
  running.child.kill('SIGKILL')
  await running.ended
}

async function verify(cwd: string): Promise<{ readonly code: number; readonly out: string }> {
  return await runCli(['audit', 'verify', ...SET], cwd, RUNNING)
}

test('a trail of several days, in several files, is proved across kill -9, and a line less is not', async (t) => {
  const cwd = await temporaryFolder(t)
  // The first lines of a day, too, stand in the file that is put aside then: its writer had opened it before.
  for (const days of [3, 2, 1]) await serveAgo(t, days, cwd)
  await serveAndKill('a/today', cwd)
  await serveAndKill('a/again', cwd)
  const whole = await verify(cwd)
  assert.match(whole.out, /^OK: \d+ lines in 3 files, 5 chains,/u)
  assert.match(whole.out, /2 chains not closed/u)
  assert.equal(whole.code, 0)
  const trail = await trailOf(cwd)
  for (const [file, text] of trail) {
    await writeFile(file, text.replace(/^.*"event":"published".*\n/mu, ''))
    const { code, out } = await verify(cwd)
    assert.match(out, /^(?:removed|truncated) /u)
    assert.ok(out.includes(`${file}:`), out)
    assert.equal(code, 1)
    await writeFile(file, text)
  }
  assert.equal(trail.size, 3)
})
