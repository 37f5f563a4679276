/**
 * The interop suite: our server between real XMPP servers, real clients and real proxies.
 * Installs the Debian packages it needs (root), then runs every `*.interop.ts` of `test/interop/` and `*.faults.ts` of `test/faults/`.
 * Arguments narrow the run to files whose path contains one of them.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import process from 'node:process'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { installPackages, missingPackages } from './debian-packages.ts'
import { testFolder } from './test-folder.ts'

const SUITES = ['test/interop/**/*.interop.ts', 'test/faults/**/*.faults.ts']
const TRANSFER_FLOOR = 120
const SUITE_TIMEOUT_MS = 10 * 60_000

const PACKAGES = [
  'prosody',
  'prosody-modules',
  'lua-sec',
  'ejabberd',
  'python3-slixmpp',
  'python3-aiohttp',
  'go-sendxmpp',
  'profanity',
  'tmux',
  'nginx-light',
  'haproxy',
  'caddy',
  'libokhttp-java',
  'curl',
  'openssl',
  'strace',
  'redis-server',
  'redis-sentinel',
  'chromium',
  'iproute2',
]

function packagesNeeded(): string[] {
  const hasJdk = spawnSync('javac', ['-version']).status === 0
  return missingPackages(hasJdk ? PACKAGES : [...PACKAGES, 'default-jdk-headless'])
}

function suites(filters: readonly string[]): string[] {
  const found = SUITES.map((pattern) => globSync(pattern).toSorted())
  if (found.some(({ length }) => length === 0))
    throw new Error(`No file for one of ${SUITES.join(' ')}`)
  const all = found.flat()
  const chosen = all.filter((file) => filters.length === 0 || filters.some((f) => file.includes(f)))
  if (chosen.length === 0)
    throw new Error(`No file of ${SUITES.join(' ')} matches ${filters.join(' ')}`)
  return chosen
}

/** Runs the files one after another; resolves to whether all passed, and the transfers they report. */
async function runSuites(files: string[]): Promise<{ passed: boolean; transfers: number }> {
  await using folder = await testFolder()
  let passed = false
  let transfers = 0
  const stream = run({
    files,
    concurrency: 1,
    timeout: SUITE_TIMEOUT_MS,
    env: { ...process.env, ...folder.env },
  })
  stream.on('test:diagnostic', ({ message }) => {
    transfers += Number(/^(\d+) transfers$/.exec(message)?.[1] ?? 0)
  })
  stream.on('test:summary', ({ file, success }) => {
    if (file === undefined) passed = success
  })
  for await (const text of stream.compose(new spec())) process.stdout.write(String(text))
  return { passed, transfers }
}

const filters = process.argv.slice(2)
const files = suites(filters)
const missing = packagesNeeded()
if (missing.length > 0) {
  console.log(`Installing ${missing.join(' ')}`)
  await installPackages(missing)
}
const { passed, transfers } = await runSuites(files)
const enough = filters.length > 0 || transfers >= TRANSFER_FLOOR
console.log(`${files.length} interop suites, ${transfers} transfers in all`)
if (!enough) console.error(`At least ${TRANSFER_FLOOR} transfers were expected`)
process.exitCode = passed && enough ? 0 : 1
