import assert from 'node:assert/strict'
import test from 'node:test'
import { seededRandom } from '../interop/seeded-random.ts'
import { everyCase, idOf, randomOf, selectedCases } from './matrix.ts'
import { pairsOf, pairwiseCover } from './pairwise.ts'

/** All combinations of three factors with these numbers of values. */
function combinations(): { a: string; b: string; c: string }[] {
  const values = ['1', '2', '3', '4']
  return values.flatMap((a) => values.flatMap((b) => values.slice(2).map((c) => ({ a, b, c }))))
}

test('a pairwise cover has every pair of values, in few combinations', () => {
  const all = combinations()
  const cover = pairwiseCover(all)
  const covered = new Set(cover.flatMap(pairsOf))
  for (const pair of all.flatMap(pairsOf)) assert.ok(covered.has(pair), pair)
  assert.ok(cover.length >= 16 && cover.length <= 20, `${cover.length} of ${all.length}`)
})

test('a pairwise cover asks for no pair that is impossible', () => {
  const possible = combinations().filter(({ a, b }) => a !== b)
  const cover = pairwiseCover(possible)
  assert.ok(cover.every(({ a, b }) => a !== b))
  assert.deepEqual(new Set(cover.flatMap(pairsOf)), new Set(possible.flatMap(pairsOf)))
})

test('a selection of the fault matrix has the asked size and every pair, and its seed repeats it', () => {
  const selection = selectedCases(150, seededRandom(7))
  assert.equal(selection.length, 150)
  assert.equal(new Set(selection.map(idOf)).size, 150)
  const pairs = new Set(everyCase().flatMap(pairsOf))
  assert.deepEqual(new Set(selection.flatMap(pairsOf)), pairs)
  assert.deepEqual(selectedCases(150, seededRandom(7)), selection)
  assert.notDeepEqual(selectedCases(150, seededRandom(8)), selection)
})

test('the choices of a case depend on the seed and on the case alone', () => {
  const [one, other] = everyCase()
  assert.ok(one !== undefined && other !== undefined)
  const first = randomOf(one, 1).fraction()
  assert.equal(randomOf(one, 1).fraction(), first)
  assert.notEqual(randomOf(one, 2).fraction(), first)
  assert.notEqual(randomOf(other, 1).fraction(), first)
})
