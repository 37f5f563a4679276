/** The rulings and their tests agree; the tests stand in `rulings-*.test.ts`. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')

/** The numbers of the list, in its order, with what stands there. */
const rulings = [...readFileSync(join(DOCS, 'rulings.md'), 'utf8').matchAll(/^(\d+)\. (.+)$/gmu)]
const built = rulings.filter(([, , text = '']) => !text.startsWith('*Not built yet.*'))

const proven = globSync('rulings-*.test.ts', { cwd: import.meta.dirname })
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  .flatMap((text) => [...text.matchAll(/^test\('ruling (\d+): /gmu)])
  .map(([, number]) => Number(number))
  .toSorted((a, b) => a - b)

test('the rulings are numbered without a gap', () => {
  assert.ok(rulings.length > 20, `only ${rulings.length} were found`)
  assert.deepEqual(
    rulings.map(([, number]) => Number(number)),
    rulings.map((_, index) => index + 1),
  )
})

test('each ruling that is built has exactly one test of its number, and no other has', () => {
  assert.deepEqual(
    proven,
    built.map(([, number]) => Number(number)),
  )
})
