import { memoryMarkStore } from '../../src/stores/memory/mark-store.ts'
import { sqliteMarks } from '../../src/stores/sqlite/mark-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import { temporaryFolder } from '../app/site.ts'
import { markStoreConformance } from '../conformance/mark-store.ts'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { test } from 'node:test'

markStoreConformance('memory', async (_, clock) => {
  const store = memoryMarkStore(clock)
  return [store, store]
})

markStoreConformance('sqlite', async (t, clock) => {
  const opened = new AsyncDisposableStack()
  t.after(async () => await opened.disposeAsync())
  const { path: folder } = opened.use(await temporaryFolder())
  const path = join(folder, 'state.db')
  const store = (): ReturnType<typeof sqliteMarks> => {
    const state = opened.use(openState({ path, durability: 'normal' }))
    return sqliteMarks(state, { list: 'findings', clock })
  }
  return [store(), store()]
})

test('the lists of a state file are kept apart', async () => {
  using state = openState({ path: ':memory:', durability: 'normal' })
  const [one, other] = ['one', 'other'].map((list) => sqliteMarks(state, { list, clock: () => 0 }))
  await one?.put({ name: 'a', until: 1 })
  assert.deepEqual(await other?.all(), [])
  assert.equal(await other?.remove('a'), false)
  assert.equal((await one?.all())?.length, 1)
})
