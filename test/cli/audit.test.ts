import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { signedPut } from '../app/slots.ts'
import { FLAGS, SECRETS, startSite, temporaryFolder } from '../app/site.ts'
import { ask } from '../app/wire-client.ts'
import { makePipe } from '../observe/pipe.ts'
import { type Outcome, RUNNING, runCli } from './cli-run.ts'
import { ordinaryUser } from './ordinary-user.ts'

const SET = [...FLAGS, `grants.v2_secret=${SECRETS.v2}`].flatMap((flag) => ['--set', flag])

/** A folder where a server has written its trail. */
async function servedFolder(): Promise<AsyncDisposable & { path: string; file: string }> {
  const folder = await temporaryFolder()
  await serve(folder.path, 'a/1')
  return { ...folder, file: join(folder.path, 'data/audit.jsonl') }
}

/** Starts a server in a folder, which takes one file and ends. */
async function serve(folder: string, path: string): Promise<void> {
  await using site = await startSite([], { folder })
  assert.equal((await ask(site.port, signedPut(path, 'hello'))).status, 201)
  await site.server.shutdown()
}

/** Runs the program; nobody stops it. */
async function run(argv: readonly string[], cwd: string): Promise<Outcome> {
  return await runCli(argv, cwd, RUNNING)
}

test('audit verify says OK of what a server wrote, and how much that is', async () => {
  await using folder = await servedFolder()
  const { code, out, err } = await run(['audit', 'verify', ...SET], folder.path)
  assert.equal(err, '')
  assert.match(out, /^OK: 4 lines in 1 file, 1 chain, \d{4}-\S+Z to \d{4}-\S+Z\n$/u)
  assert.equal(code, 0)
})

test('audit verify names file and line of what was edited, as text and as JSON', async () => {
  await using folder = await servedFolder()
  const text = await readFile(folder.file, 'utf8')
  await writeFile(folder.file, text.replace('"published"', '"abandoned"'))
  const { code, out } = await run(['audit', 'verify', ...SET], folder.path)
  assert.match(
    out,
    /^edited \S+audit\.jsonl:3: this is not what was sealed \(chain [\w-]{12}\)\n1 fault: /u,
  )
  assert.equal(code, 1)
  const json = await run(['audit', 'verify', '--json', ...SET], folder.path)
  const [fault, verdict] = json.out
    .trim()
    .split('\n')
    .map((line) => Object(JSON.parse(line)))
  assert.deepEqual([fault.fault, fault.file, fault.line], ['edited', folder.file, 3])
  assert.deepEqual([verdict.ok, verdict.faults, verdict.lines, json.code], [false, 1, 4, 1])
})

test('audit verify reads a single file, wherever it is', async () => {
  await using folder = await servedFolder()
  const copy = join(folder.path, 'copy.jsonl')
  await writeFile(copy, await readFile(folder.file))
  const { code, out } = await run(['audit', 'verify', 'copy.jsonl', ...SET], folder.path)
  assert.match(out, /^OK: 4 lines/u)
  assert.equal(code, 0)
})

test('audit verify finds what is not there at all', async () => {
  await using folder = await servedFolder()
  await rm(folder.file)
  const { code, out } = await run(['audit', 'verify', ...SET], folder.path)
  assert.match(
    out,
    /^removed \S+audit\.jsonl: there is no such file\nremoved: a chain of 4 lines or more is not there \(chain [\w-]{12}\)\n2 faults: 0 lines in 0 files, 0 chains\n/u,
  )
  assert.equal(code, 1)
})

test('audit verify names every file that it may not read, goes on with the others, and fails', async () => {
  using _user = ordinaryUser()
  await using folder = await servedFolder()
  const [aside, heads] = [`${folder.file}.1`, `${folder.file}.heads`]
  await rename(folder.file, aside)
  await serve(folder.path, 'a/2')
  const [head = ''] = await readdir(heads)
  for (const [path, found] of [
    [
      aside,
      /^unreadable \S+audit\.jsonl\.1: it cannot be opened: EACCES.*\n1 fault: 4 lines in 1 file,/u,
    ],
    [
      folder.file,
      /^unreadable \S+audit\.jsonl: it cannot be opened: EACCES.*\n1 fault: 4 lines in 1 file,/u,
    ],
    [heads, /^unreadable \S+\.heads: it cannot be read: EACCES.*\n1 fault: 8 lines in 2 files,/u],
    [
      join(heads, head),
      /^unreadable \S+\.heads\/[\w-]{12}: it cannot be read: EACCES.*\(chain [\w-]{12}\)\n1 fault: 8 lines in 2 files,/u,
    ],
  ] as const) {
    await chmod(path, 0)
    const { code, out, err } = await run(['audit', 'verify', ...SET], folder.path)
    assert.match(out, found)
    assert.deepEqual([code, err], [1, ''])
    await chmod(path, 0o700)
  }
  const named = ['audit', 'verify', 'nowhere.jsonl', aside, ...SET]
  const { code, out } = await run(named, folder.path)
  assert.match(out, /^unreadable \S+nowhere\.jsonl: .*ENOENT.*\n1 fault: 4 lines in 1 file/u)
  assert.equal(code, 1)
})

test('audit verify names what is no file, without waiting for whoever writes to it', async () => {
  await using folder = await servedFolder()
  const made = [`${folder.file}.3`, `${folder.file}.4`, `${folder.file}.5`] as const
  await makePipe(made[0])
  await symlink('/dev/zero', made[1])
  await mkdir(made[2])
  const whole = await run(['audit', 'verify', ...SET], folder.path)
  const named = await run(['audit', 'verify', ...made, ...SET], folder.path)
  for (const { code, out, err } of [whole, named]) {
    for (const path of made)
      assert.ok(out.includes(`unreadable ${path}: it cannot be opened: it is not a file\n`), out)
    assert.deepEqual([code, err], [1, ''])
  }
  assert.match(whole.out, /^3 faults: 4 lines in 1 file,/mu)
  assert.match(named.out, /^3 faults: 0 lines in 0 files,/mu)
})

test('audit without verify is wrong usage; without a trail there is nothing to verify', async () => {
  await using folder = await temporaryFolder()
  assert.equal((await run(['audit'], folder.path)).code, 2)
  const none = await run(['audit', 'verify', ...SET, '--set', 'audit.file='], folder.path)
  assert.match(none.err, /There is no audit trail/u)
  assert.equal(none.code, 1)
})

test('audit verify that is stopped says that it is not done', async () => {
  await using folder = await servedFolder()
  const { code, out, err } = await runCli(['audit', 'verify', ...SET], folder.path)
  assert.deepEqual([code, out, err], [1, '', 'Stopped: not all of it was read\n'])
})
