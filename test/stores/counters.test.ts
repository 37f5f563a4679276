import assert from 'node:assert/strict'
import test from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memoryCounters } from '../../src/stores/memory/counters.ts'
import { countersConformance } from '../conformance/counters.ts'

const WINDOW = 60_000

countersConformance('memory', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  return {
    counters: memoryCounters(),
    pass: async (_, milliseconds) => t.mock.timers.tick(milliseconds),
  }
})

test('of too many names the one that was quiet for longest is forgotten, and no other', async () => {
  const counters = memoryCounters({ names: 3 })
  for (const name of ['a', 'b', 'c', 'a', 'd']) await counters.add(name, WINDOW)
  assert.equal((await counters.add('a', WINDOW)).count, 3)
  assert.equal((await counters.add('c', WINDOW)).count, 2)
  assert.equal((await counters.add('d', WINDOW)).count, 2)
  assert.equal((await counters.add('b', WINDOW)).count, 1)
})

test('fifty thousand names take no more memory than the thousand that are remembered', async () => {
  const counters = memoryCounters({ names: 1000 })
  const before = heapInUse()
  for (let number = 0; number < 50_000; number++) await counters.add(`name ${number}`, WINDOW)
  const grown = heapInUse() - before
  assert.ok(grown < 5 * 1024 ** 2, `${grown} bytes`)
  // Still in use: what was measured could not be collected.
  assert.equal((await counters.add('name 49999', WINDOW)).count, 2)
})

/** Bytes in use after everything that can be was collected. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  assert.ok(typeof collect === 'function')
  collect()
  return process.memoryUsage().heapUsed
}
