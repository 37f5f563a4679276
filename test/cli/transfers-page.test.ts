import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { FAILURES } from '../../src/cli/transfer-failure.ts'
import { SUCCESSES } from '../../src/cli/transfer-report.ts'

const PAGE = readFileSync(new URL('../../docs/transfers.md', import.meta.url), 'utf8')

/** The rows of the table that follows the words. */
function tableAfter(words: string): Readonly<Record<string, string>> {
  const table = PAGE.split(`${words}\n\n`)[1]?.split('\n\n')[0] ?? assert.fail(words)
  const [, , ...lines] = table.split('\n')
  const rows = lines.map((line) => /^\| `([a-z-]+)` \| (.+) \|$/u.exec(line) ?? assert.fail(line))
  return Object.fromEntries(rows.map(([, code = '', text = '']) => [code, text]))
}

test('docs/transfers.md tells every code of an outcome, and no other', () => {
  assert.deepEqual(tableAfter('If `ok` is true:'), SUCCESSES)
  assert.deepEqual(tableAfter('If `ok` is false:'), FAILURES)
})
