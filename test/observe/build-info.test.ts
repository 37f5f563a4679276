import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { readBuildInfo } from '../../src/observe/build-info.ts'
import type { BuildInfo } from '../../src/observe/build-info.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'

async function infoOf(files: Readonly<Record<string, string>>): Promise<BuildInfo> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'build-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, '.git/refs/heads'), { recursive: true })
  const all = { 'package.json': '{"version":"4.5.6"}', ...files }
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text)
  return readBuildInfo(pathToFileURL(`${folder}/`))
}

test('the version is the one of package.json, and Node.js tells its own', async () => {
  const { version, node } = await infoOf({})
  assert.deepEqual({ version, node }, { version: '4.5.6', node: process.versions.node })
})

test('the commit is found behind a branch, in packed references, and detached', async () => {
  const branch = { '.git/HEAD': 'ref: refs/heads/main\n' }
  const places = [
    { ...branch, '.git/refs/heads/main': `${COMMIT}\n` },
    { ...branch, '.git/packed-refs': `# pack-refs\n${COMMIT} refs/heads/main\n` },
    { '.git/HEAD': `${COMMIT}\n` },
  ]
  for (const files of places) assert.equal((await infoOf(files)).commit, '0123456789ab')
})

test('outside a checkout the commit is unknown', async () => {
  assert.equal((await infoOf({})).commit, 'unknown')
  assert.equal((await infoOf({ '.git/HEAD': 'ref: refs/heads/new\n' })).commit, 'unknown')
})

test('the version of this very package is found', () => {
  assert.match(readBuildInfo().version, /^\d+\.\d+\.\d+/u)
})
