/** The package as users get it: packed, installed beside Node.js 24, started; and on older ones. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { startFileServer } from './file-server.ts'
import { freePorts } from './free-ports.ts'
import {
  type InstalledPackage,
  PROJECT,
  installedPackage,
  nodeOf,
  olderNode,
  pathWithoutProject,
} from './installed-package.ts'
import { startProgram } from './running-program.ts'
import { signedUrl } from './signed-url.ts'

const run = promisify(execFile)

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

/** Bytes of the film. */
const SIZE = 600_000

/** Ends an upload on its way, goes on with it as another run of the program would, and fetches the file. */
const PROGRAM = `
import { downloadTo, fileStore, httpTransport, upload } from 'hmac-file-server/client'

const [put] = process.argv.slice(2)
const get = put.split('?')[0]
const store = fileStore('state')
const kinds = []
const ending = new AbortController()

function onEvent({ kind }) {
  if (kind !== 'sent') kinds.push(kind)
  if (kind === 'stands') ending.abort(new Error('enough'))
}

const { signal } = ending
const transport = httpTransport({ rate: 2_000_000 })
await upload('film.mp4', { put, get }, { store, onEvent, signal, transport }).catch(({ message }) => kinds.push(message))
await upload('film.mp4', { put, get }, { store, onEvent: ({ kind }) => kind !== 'sent' && kinds.push(kind) })
await downloadTo('copy.mp4', get)
console.log(kinds.join(' '))
`

/** What a program takes of the types of each platform. */
const SOURCES = {
  'page.ts': `
    import { type Source, UploadError, download, forget, upload, uploadAll } from 'hmac-file-server/client'
    import { SlotError, stropheSender, xmppClientSender, xmppUploads } from 'hmac-file-server/xmpp'
    const stream = () => new Blob(['film']).stream()
    const source: Source = { size: 4, slice: () => ({ size: 4, stream }) }
    const uploaded: Promise<{ url: string }> = upload(source, { put: 'https://a/', get: 'https://a/' })
    export const all = [uploaded, uploadAll, forget, download, UploadError, SlotError]
    export const slots = [stropheSender, xmppClientSender, xmppUploads]
  `,
  'program.ts': `
    import { downloadTo, fileStore, httpTransport, upload } from 'hmac-file-server/client'
    const slot = async () => ({ put: 'https://a/', get: 'https://a/' })
    const options = { store: fileStore('state'), transport: httpTransport({ rate: 1 }) }
    export const uploaded = upload('film.mp4', slot, options)
    export const path: Promise<{ path: string }> = downloadTo({ folder: '.' }, 'https://a/')
  `,
}

const AS_PAGES = ['--moduleResolution', 'bundler', '--module', 'esnext', 'page.ts']
const AS_PROGRAMS = ['--module', 'node16', 'page.ts', 'program.ts']

describe('the packed tarball', () => {
  let installed: InstalledPackage

  before(async () => void (installed = await installedPackage('node@24.21.0')))
  after(async () => await installed[Symbol.asyncDispose]())

  test('publint and attw find nothing wrong with it', async () => {
    await run('npx', ['--no-install', 'publint', 'run', installed.tarball, '--strict'], {
      cwd: PROJECT,
    })
    await run('npx', ['--no-install', 'attw', installed.tarball, '--profile', 'esm-only'], {
      cwd: PROJECT,
    })
  })

  test('holds what it needs to run and nothing else', async () => {
    const folder = join(installed.home, 'node_modules/hmac-file-server')
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
    await using program = startProgram('npx', args, { cwd: installed.home, env })
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
    const entry = join(installed.home, 'embedder.mjs')
    await writeFile(entry, EMBEDDER)
    const { stdout } = await run(process.execPath, [entry], { cwd: installed.home })
    assert.match(stdout, /"port":[1-9]/)
  })

  test('says on an older Node.js which one it needs, and ends with 1', async () => {
    const older = await olderNode(installed.home)
    const entry = join(installed.home, 'node_modules/hmac-file-server/bin/hmac-file-server.js')
    const result = spawnSync(older, [entry, 'version'], { encoding: 'utf8' })
    assert.equal(result.status, 1)
    assert.match(result.stderr, /24\.18/)
    assert.match(result.stderr, /20\./)
    assert.doesNotMatch(result.stderr, /SyntaxError|at .*\.js:\d+/)
  })

  test('has a client that goes on with an upload, and downloads, on the oldest Node.js that it takes', async () => {
    const { home } = installed
    await using server = await startFileServer()
    const film = randomBytes(SIZE)
    await writeFile(join(home, 'film.mp4'), film)
    await writeFile(join(home, 'program.js'), PROGRAM)
    const node = await nodeOf('22.13.0', home)
    const args = ['program.js', signedUrl(server, 'slot/film.mp4', SIZE)]
    const { stdout } = await run(node, args, { cwd: home, timeout: 20_000 })
    assert.match(
      stdout,
      /^face bound created sending stands (?:sending )?enough restored .*published$/m,
    )
    assert.ok(film.equals(await readFile(join(home, 'copy.mp4'))))
  })

  test('has a client for programs that are CommonJS as well', async () => {
    const print = "console.log(typeof require('hmac-file-server/client').upload)"
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', print], {
      cwd: installed.home,
    })
    assert.equal(stdout, 'function\n')
  })

  test('says to a program on an older Node.js which one its client needs', async () => {
    const { home } = installed
    const print = "import('hmac-file-server/client').catch((error) => console.log(String(error)))"
    const older = await olderNode(home)
    const { stdout } = spawnSync(older, ['-e', print], { cwd: home, encoding: 'utf8' })
    assert.match(
      stdout,
      /^Error: hmac-file-server\/client needs Node\.js 22\.13 or later; this is 20\.\S+\. Get it .+\n$/,
    )
  })

  for (const [words, args] of [
    ['a page is bundled of', AS_PAGES],
    ['Node.js runs', AS_PROGRAMS],
  ] as const) {
    test(`has types that are whole without any of Node.js, for what ${words}`, async () => {
      const { home } = installed
      for (const [name, text] of Object.entries(SOURCES)) await writeFile(join(home, name), text)
      const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022']
      const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc')
      const { status, stdout } = spawnSync(process.execPath, [compiler, ...strict, ...args], {
        cwd: home,
        encoding: 'utf8',
      })
      assert.equal(stdout, '')
      assert.equal(status, 0)
    })
  }
})
