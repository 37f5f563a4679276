/**
 * The unit suite: every `test/**` + `*.test.ts`, with a floor for line coverage over the whole of `src/`.
 * Arguments narrow the run (flags of `node --test`, or test files); a narrowed run measures no coverage.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { testFolder } from './test-folder.ts'

const TESTS = 'test/**/*.test.ts'
const LINE_FLOOR = 95
/** A test that hangs is a failure with a name, not a run without an end. */
const TEST_TIMEOUT_MS = 60_000

/** Tests wait more than they compute; Node.js would run one file less than there are cores. */
const CONCURRENCY = availableParallelism() + 1

/** What embedders import: nothing inside the project does. The interop suite runs it from the package. */
const NOT_LOADED_HERE: readonly string[] = ['src/server.ts']

/** Adapters to engines that have to be installed: the interop suite runs them against the real ones. */
const OUTSIDE_ENGINES = 'src/stores/redis/**'

/** What needs a browser: the interop suite runs it in one. */
const IN_BROWSERS = 'src/client/browser/**'

function files(pattern: string): string[] {
  return globSync(pattern).toSorted()
}

async function nodeTest(args: readonly string[]): Promise<number> {
  const limits = [`--test-timeout=${TEST_TIMEOUT_MS}`, `--test-concurrency=${CONCURRENCY}`]
  await using folder = await testFolder()
  const env = { ...process.env, ...folder.env }
  const child = spawn(process.execPath, ['--test', ...limits, ...args], { stdio: 'inherit', env })
  await once(child, 'exit')
  return child.exitCode ?? 1
}

/** Coverage sees loaded files only, so a file without any test is invisible to the floor. */
async function missingFrom(lcovFile: string): Promise<string[]> {
  const lcov = await readFile(lcovFile, 'utf8')
  const covered = new Set(
    Array.from(lcov.matchAll(/^SF:(.+)$/gm), ([, file = '']) => resolve(file)),
  )
  // Node.js only warns when it cannot read what a process measured.
  if (covered.size === 0) throw new Error('No coverage was measured')
  const elsewhere = new Set([...NOT_LOADED_HERE, ...files(OUTSIDE_ENGINES), ...files(IN_BROWSERS)])
  const missing: string[] = []
  for (const file of files('src/**/*.ts')) {
    if (covered.has(resolve(file)) || elsewhere.has(file)) continue
    if (!(await hasOnlyTypes(file))) missing.push(file)
  }
  return missing
}

async function hasOnlyTypes(file: string): Promise<boolean> {
  const module: unknown = await import(pathToFileURL(file).href)
  return typeof module === 'object' && module !== null && Object.keys(module).length === 0
}

async function wholeSuite(): Promise<number> {
  if (files(TESTS).length === 0) throw new Error(`No file matches ${TESTS}`)
  const folder = await mkdtemp(join(tmpdir(), 'coverage-'))
  try {
    const lcovFile = join(folder, 'lcov.info')
    const code = await nodeTest([
      '--experimental-test-coverage',
      '--test-coverage-include=src/**',
      `--test-coverage-exclude=${OUTSIDE_ENGINES}`,
      `--test-coverage-exclude=${IN_BROWSERS}`,
      `--test-coverage-lines=${LINE_FLOOR}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=lcov',
      `--test-reporter-destination=${lcovFile}`,
      TESTS,
    ])
    const missing = await missingFrom(lcovFile)
    for (const file of missing) console.error(`No test loads ${file}`)
    return missing.length > 0 ? 1 : code
  } finally {
    await rm(folder, { recursive: true })
  }
}

const args = process.argv.slice(2)
const named = args.some((arg) => !arg.startsWith('-'))
if (args.length === 0) process.exitCode = await wholeSuite()
else process.exitCode = await nodeTest(named ? args : [...args, TESTS])
