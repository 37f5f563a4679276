/**
 * `docs/api` is what TypeDoc makes of the client's sources. TypeDoc needs a compiler of its own, older than the project's,
 * so both are fetched for the run instead of being installed beside it.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { tempFolder } from './temp-folder.ts'

const PROJECT = resolve(import.meta.dirname, '../..')
const PAGES = '**/*.md'

async function pagesIn(folder: string): Promise<Record<string, string>> {
  const names = globSync(PAGES, { cwd: folder }).toSorted()
  const texts = names.map(
    async (name) => [name, await readFile(join(folder, name), 'utf8')] as const,
  )
  return Object.fromEntries(await Promise.all(texts))
}

test('the pages of the programming interface say what the sources say (npm run docs:api)', async () => {
  await using folder = await tempFolder('api-docs')
  const out = join(folder.path, 'api')
  await promisify(execFile)('npm', ['run', 'docs:api', '--', '--out', out], { cwd: PROJECT })
  const made = await pagesIn(out)
  assert.ok(Object.keys(made).length > 3, Object.keys(made).join(' '))
  assert.deepEqual(await pagesIn(join(PROJECT, 'docs/api')), made)
})
