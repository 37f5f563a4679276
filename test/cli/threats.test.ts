import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditOf } from '../app/site.ts'
import { type Outcome, runCli, temporaryFolder } from './cli-run.ts'
import { SAME_SITE, siteIn, upload } from './stored-files.ts'

const JID = 'romeo@montague.example'
const ROMEO = { scheme: 'jwt', user: JID } as const
const BAN = ['uploads_deleted_for_abuse=ban', 'abuse_deletes=2', 'abuse_share=50'].flatMap(
  (setting) => ['--set', `threats.${setting}`],
)

async function run(cwd: string, ...argv: readonly string[]): Promise<Outcome> {
  return await runCli([...argv, ...SAME_SITE, ...BAN], cwd)
}

test('files that are deleted for abuse count against their user, and what is found is listed and lifted', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  for (const name of ['1', '2', '3']) await upload(site, `a/${name}`, ROMEO)
  const abuse = ['files', 'delete', '--reason', 'abuse']
  assert.equal((await run(cwd, ...abuse, 'a/1')).out, 'Deleted a/1\n')
  assert.equal((await run(cwd, 'threats', 'list')).out, '')
  assert.equal(
    (await run(cwd, ...abuse, 'a/2')).out,
    `Deleted a/2\nFound uploads-deleted-for-abuse of user:${JID} (2 files), ban for 1h: ` +
      `"threats lift user:${JID}" ends it\n`,
  )
  assert.equal((await run(cwd, ...abuse, 'a/3')).out, 'Deleted a/3\n', 'it is found once')
  assert.match(
    (await run(cwd, 'threats', 'list')).out,
    /^until 20\S+Z {2}ban {5}uploads-deleted-for-abuse {2}user:romeo@montague\.example\n$/u,
  )
  const json: unknown = JSON.parse((await run(cwd, 'threats', 'list', '--json')).out)
  assert.partialDeepStrictEqual(json, { subject: `user:${JID}`, effect: 'ban' })
  const lifted = await run(cwd, 'threats', 'lift', `user:${JID}`)
  assert.deepEqual(
    [lifted.code, lifted.out],
    [0, `Lifted uploads-deleted-for-abuse of user:${JID}\n`],
  )
  const again = await run(cwd, 'threats', 'lift', `user:${JID}`)
  assert.deepEqual([again.code, again.err], [1, `Nothing is found of user:${JID}\n`])
  await site.server.shutdown()
  const lines = (await auditOf(cwd)).filter(({ event }) =>
    ['deleted', 'threat', 'threat-lifted'].includes(String(event)),
  )
  assert.deepEqual(
    lines.map(({ event, why, effect }) => [event, why ?? effect]),
    [
      ['deleted', 'abuse'],
      ['deleted', 'abuse'],
      ['threat', 'ban'],
      ['deleted', 'abuse'],
      ['threat-lifted', undefined],
    ],
  )
})

test('a user is lifted by the command that the removal prints, and by any way to write the JID', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  const once = ['threats.abuse_deletes=1', 'threats.abuse_share=1'].flatMap((setting) => [
    '--set',
    setting,
  ])
  const user = 'Romeo@Montague.example/phone'
  for (const name of ['1', '2']) await upload(site, `a/${name}`, { scheme: 'jwt', user })
  for (const [name, files, subject] of [
    ['1', '(1 file)', undefined],
    ['2', '(2 files)', `user:${user}`],
  ] as const) {
    const abuse = ['--reason', 'abuse', `a/${name}`, ...SAME_SITE, ...once]
    const { out } = await runCli(['files', 'delete', ...abuse], cwd)
    assert.ok(out.includes(files), out)
    const printed = /"threats lift ([^"]+)" ends it/u.exec(out)?.[1]
    const { code, out: lifted } = await run(cwd, 'threats', 'lift', subject ?? printed ?? '')
    assert.deepEqual([code, lifted], [0, `Lifted uploads-deleted-for-abuse of user:${JID}\n`])
  }
})

test('what is only watched for is listed as that', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  await upload(site, 'a/1', ROMEO)
  const watch = ['--set', 'threats.abuse_deletes=1', ...SAME_SITE]
  await runCli(['files', 'delete', '--reason', 'abuse', 'a/1', ...watch], cwd)
  const { out } = await runCli(['threats', 'list', ...watch], cwd)
  assert.match(out, /Z {2}watch {3}uploads-deleted-for-abuse {2}user:romeo@montague\.example\n$/u)
})

test('a file whose grant names nobody counts against nobody, and the command says so', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  for (const name of ['1', '2']) await upload(site, `a/${name}`)
  const { out } = await run(cwd, 'files', 'delete', '--reason', 'abuse', 'a/1', 'a/2')
  assert.equal(out.match(/ {2}Its grant named no user, so it counts against nobody\n/gu)?.length, 2)
  assert.equal((await run(cwd, 'threats', 'list')).out, '')
})

test('files that are deleted because somebody asked for it count against nobody', async (t) => {
  const cwd = await temporaryFolder(t)
  await using site = await siteIn(cwd)
  for (const name of ['1', '2']) await upload(site, `a/${name}`, ROMEO)
  await run(cwd, 'files', 'delete', 'a/1', 'a/2')
  assert.equal((await run(cwd, 'threats', 'list')).out, '')
})

test('threats, and a reason that there is not, are explained', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const argv of [
    ['threats'],
    ['threats', 'end'],
    ['threats', 'lift'],
    ['threats', 'list', 'all'],
    ['files', 'delete', '--reason', 'anger', 'a/1'],
    ['files', 'list', '--reason', 'abuse'],
    ['files', 'show', '--reason', 'abuse', 'a/1'],
  ]) {
    const { code, err } = await runCli([...argv, ...SAME_SITE], cwd)
    assert.equal(code, 2, argv.join(' '))
    assert.match(
      err,
      /Say "list" or "lift"|at least one subject|no arguments|requested or abuse|belongs to "delete"/u,
    )
  }
})
