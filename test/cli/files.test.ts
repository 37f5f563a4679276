import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { auditOf, eventually, filesBelow } from '../app/site.ts'
import { runCli, temporaryFolder } from './cli-run.ts'
import { SAME_SITE, siteIn, statusOf, upload } from './stored-files.ts'

const DAY = 86_400_000
const URL_OF_A = 'https://files.example/up/a/one%20file.txt'

test('files list shows every published file, one line each', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  await upload(site, 'a/one file.txt', { content: 'hello' })
  await upload(site, 'b/two.txt', { scheme: 'jwt', user: 'romeo@montague.example' })
  const { code, out } = await runCli(['files', 'list', ...SAME_SITE], cwd)
  assert.equal(code, 0)
  const lines = out.trimEnd().split('\n')
  assert.equal(lines.length, 2)
  assert.ok(lines.some((line) => /^\d{4}-\S+Z +5 {2}- {2}/u.test(line) && line.endsWith(URL_OF_A)))
  assert.ok(lines.some((line) => line.includes('  romeo@montague.example  ')))
})

test('files list names users and ages, as text or JSON', async (t) => {
  const cwd = await temporaryFolder(t)
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  await using site = await siteIn(cwd)
  await upload(site, 'a/old.txt', { scheme: 'jwt', user: 'romeo@montague.example' })
  t.mock.timers.setTime(systemClock() + 2 * DAY)
  await upload(site, 'a/new.txt', { scheme: 'jwt', user: 'romeo@montague.example' })
  await upload(site, 'b/new.txt', { scheme: 'jwt', user: 'juliet@capulet.example' })
  const listed = async (...more: readonly string[]): Promise<readonly string[]> => {
    const { out } = await runCli(['files', 'list', '--json', ...more, ...SAME_SITE], cwd)
    const objects = out.split('\n').filter(Boolean)
    return objects.map((line) => String(JSON.parse(line).url))
  }
  const [old, newer, other] = ['a/old.txt', 'a/new.txt', 'b/new.txt'].map(
    (path) => `https://files.example/up/${path}`,
  )
  assert.deepEqual((await listed()).toSorted(), [newer, old, other])
  assert.deepEqual(await listed('--older-than', '1d'), [old])
  assert.deepEqual(await listed('--user', 'romeo@montague.example'), [newer, old])
  assert.deepEqual(await listed('--user', 'juliet@capulet.example', '--older-than', '1d'), [])
})

test('files list begins with the newest, or in the order that is asked for', async (t) => {
  const cwd = await temporaryFolder(t)
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  await using site = await siteIn(cwd)
  for (const [path, content] of [
    ['b/first.txt', 'xx'],
    ['a/second.txt', 'x'],
    ['c/third.txt', 'xxx'],
  ] as const) {
    await upload(site, path, { content })
    t.mock.timers.setTime(systemClock() + 1000)
  }
  const listed = async (...more: readonly string[]): Promise<string> => {
    const { out } = await runCli(['files', 'list', ...more, ...SAME_SITE], cwd)
    return [...out.matchAll(/\/(first|second|third)\.txt$/gmu)].map(([, name]) => name).join(' ')
  }
  assert.equal(await listed(), 'third second first')
  assert.equal(await listed('--sort', 'oldest'), 'first second third')
  assert.equal(await listed('--sort', 'largest'), 'third first second')
  assert.equal(await listed('--sort', 'url'), 'second first third')
  assert.deepEqual((await listed('--sort', 'none')).split(' ').toSorted(), [
    'first',
    'second',
    'third',
  ])
})

test('files show tells of a file by its URL or its path, and says what is not there', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  await upload(site, 'a/one file.txt', { content: 'hello' })
  for (const name of [URL_OF_A, `${URL_OF_A}?v=0#x`, '/up/a/one%20file.txt', 'a/one%20file.txt']) {
    const { code, out } = await runCli(['files', 'show', name, '--json', ...SAME_SITE], cwd)
    assert.equal(code, 0, name)
    const { published, expires, ...file } = JSON.parse(out)
    assert.deepEqual(file, {
      url: URL_OF_A,
      size: 5,
      contentType: 'application/octet-stream',
      scheme: 'v1',
      network: '127.0.0.0/24',
    })
    assert.equal(Date.parse(expires) - Date.parse(published), 30 * DAY)
  }
  const missing = await runCli(['files', 'show', 'no/file', URL_OF_A, ...SAME_SITE], cwd)
  assert.equal(missing.code, 1)
  assert.equal(missing.err, 'There is no such file: no/file\n')
  assert.ok(missing.out.includes(URL_OF_A), 'the others are shown all the same')
})

test('files delete removes a file beside a running server, which stops to serve it', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  await upload(site, 'a/one.txt')
  await upload(site, 'a/two.txt')
  // The server has it in its memory now.
  assert.equal(await statusOf(site, 'a/one.txt'), 200)
  const deleted = systemClock()
  const { code, out } = await runCli(['files', 'delete', '/up/a/one.txt', ...SAME_SITE], cwd)
  assert.deepEqual([code, out], [0, 'Deleted a/one.txt\n'])
  await eventually(async () => (await statusOf(site, 'a/one.txt')) === 404)
  assert.ok(systemClock() - deleted < 5_000)
  assert.equal(await statusOf(site, 'a/two.txt'), 200)
  assert.equal((await filesBelow(site.config.storage.url.folder)).size, 1)
  await assert.rejects(upload(site, 'a/one.txt'), /409/u, 'its path is spent')
  const again = await runCli(['files', 'delete', '/up/a/one.txt', ...SAME_SITE], cwd)
  assert.equal(again.code, 1)
  await site.server.shutdown()
  const removed = (await auditOf(cwd)).filter(({ event }) => event === 'deleted')
  assert.deepEqual(
    removed.map(({ why }) => why),
    ['requested'],
  )
})

test('files says what it does not understand', async (t) => {
  const cwd = await temporaryFolder(t)
  const wrong = [
    ['files'],
    ['files', 'erase'],
    ['files', 'show'],
    ['files', 'show', 'a/../b'],
    ['files', 'list', '--older-than', 'long'],
    ['files', 'list', '--sort', 'prettiest'],
  ]
  for (const argv of wrong) {
    const { code, err } = await runCli([...argv, ...SAME_SITE], cwd)
    assert.equal(code, 2, `${argv.join(' ')}: ${err}`)
  }
})
