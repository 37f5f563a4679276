import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import test from 'node:test'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './cli-run.ts'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = join(PROJECT, 'bin/hmac-file-server.js')

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function runNode(node: string, ...argv: readonly string[]): Ended {
  return spawnSync(node, argv, { encoding: 'utf8' })
}

function assertRefused({ status, stderr }: Ended, version: string): void {
  assert.equal(status, 1)
  assert.match(stderr, /needs Node\.js 24\.18 or later/u)
  assert.ok(stderr.includes(`this is ${version}.`), stderr)
  assert.match(stderr, /nodejs\.org/u)
}

/** Runs the program where Node.js claims to be `version`. */
function runAs(version: string): Ended {
  const disguise = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
  const script = `data:text/javascript,${encodeURIComponent(disguise)}`
  return runNode(process.execPath, '--import', script, PROGRAM, 'version')
}

test('a Node.js that is too old is told which one is needed, and the right one is not', () => {
  for (const version of ['12.22.12', '20.19.2', '24.17.0']) assertRefused(runAs(version), version)
  for (const version of ['24.18.0', '24.21.0', '26.0.0'])
    assert.equal(runAs(version).status, 0, version)
})

test('an old Node.js of this machine parses the program far enough to say so', (t) => {
  const nodes = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  const old = nodes
    .filter((node) => existsSync(node))
    .map((node) => ({ node, version: runNode(node, '--version').stdout.trim().slice(1) }))
    .find(({ version }) => Number(version.split('.')[0]) < 24)
  if (old === undefined) return t.skip('there is none')
  assertRefused(runNode(old.node, PROGRAM, 'version'), old.version)
})

test('the program exits with the code of its command', () => {
  assert.equal(runNode(process.execPath, PROGRAM, 'chek').status, 2)
  assert.match(runNode(process.execPath, PROGRAM, 'version').stdout, /^hmac-file-server \d/u)
})

test('a command whose reader leaves ends with 141, never as if all were well', async (t) => {
  const cwd = await temporaryFolder(t)
  const trail = Array.from({ length: 500 }, () => '{"event":"opened"}\n')
  await writeFile(join(cwd, 'trail.jsonl'), trail.join(''))
  const verify = [
    'audit',
    'verify',
    '--set',
    'grants.v2_secret=long enough for a test',
    'trail.jsonl',
  ]
  for (const argv of [['version'], verify]) {
    const child = spawn(process.execPath, [PROGRAM, ...argv], {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    child.stdout.destroy()
    assert.deepEqual(await ended, [141, null], argv.join(' '))
  }
})

test('a checkout keeps what Node.js compiled of it among its packages, and is left alone without them', async (t) => {
  for (const hasPackages of [true, false]) {
    const checkout = await temporaryFolder(t)
    const modules = join(checkout, 'node_modules')
    if (hasPackages) await mkdir(modules)
    await mkdir(join(checkout, 'bin'))
    await cp(PROGRAM, join(checkout, 'bin/hmac-file-server.js'))
    await cp(join(PROJECT, 'package.json'), join(checkout, 'package.json'))
    await symlink(join(PROJECT, 'src'), join(checkout, 'src'))
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(checkout, 'bin/hmac-file-server.js'), 'version'],
      { encoding: 'utf8', env: {} },
    )
    assert.equal(status, 0, stderr)
    assert.equal(existsSync(join(modules, '.cache/hmac-file-server')), hasPackages)
  }
})

test('SIGTERM stops the running server, which then ends with 0', async (t) => {
  const cwd = await temporaryFolder(t)
  const settings = ['--set', 'server.listen=127.0.0.1:0', '--set', 'admin.listen=']
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...settings], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('Listening on ')) child.kill('SIGTERM')
  }
  assert.deepEqual(await ended, [0, null])
})
