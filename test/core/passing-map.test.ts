import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type PassingMap, passingMap } from '../../src/core/passing-map.ts'

/** Entries that are in the map at a time, and that come and go in all. */
const PRESENT = 64
const PASSING = 8_000

/** Numbers in each value: about 1 KiB. */
const WEIGHT = 128

type Collect = (options?: { readonly type: 'minor' }) => void

describe('passingMap', () => {
  it('has what was put in and not taken out, in the order of the keys', () => {
    const map = passingMap<string, { n: number }>()
    for (const [n, key] of ['a', 'b', 'c'].entries()) map.set(key, { n })
    map.set('a', { n: 3 })
    map.delete('b')
    map.delete('never there')
    assert.deepEqual([...map.values()], [{ n: 3 }, { n: 2 }])
    assert.deepEqual([map.size, map.has('a'), map.has('b')], [2, true, false])
    assert.deepEqual([map.get('c'), map.get('b')], [{ n: 2 }, undefined])
  })

  it('goes on with what is put in while its values are looked through, and leaves out what is taken', () => {
    const map = passingMap<string, { name: string }>()
    for (const name of ['a', 'b', 'c']) map.set(name, { name })
    const seen: string[] = []
    for (const { name } of map.values()) {
      seen.push(name)
      map.delete('b')
      if (name === 'c') map.set('d', { name: 'd' })
    }
    assert.deepEqual(seen, ['a', 'c', 'd'])
  })

  it('keeps nothing of what passed through it until all memory is looked through', () => {
    assert.ok(grownBy(passingMap()) < 2 * 2 ** 20)
  })
})

/** Bytes by which old memory grows while values pass through the map, which is old itself. */
function grownBy(map: PassingMap<number, number[]>): number {
  const collect = collector()
  map.set(-1, [])
  for (let time = 0; time < 3; time++) collect()
  const before = oldBytes()
  for (let key = 0; key < PASSING; key++) {
    map.set(
      key,
      Array.from({ length: WEIGHT }, (_, at) => at),
    )
    map.delete(key - PRESENT)
    if (key % 1000 === 0) collect({ type: 'minor' })
  }
  return oldBytes() - before
}

function oldBytes(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) =>
    /^(?:large_object|old)/u.test(name),
  )
  return spaces.reduce((sum, { space_used_size: used }) => sum + used, 0)
}

/** The collector of V8, which is there for whoever asks before the context is made. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('gc')
  assert.ok(isCollect(found))
  return found
}

function isCollect(value: unknown): value is Collect {
  return typeof value === 'function'
}
