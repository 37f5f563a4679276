import { memorySessionStore } from '../../src/stores/memory/session-store.ts'
import { sqliteSessions } from '../../src/stores/sqlite/session-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import { sessionStoreConformance } from '../conformance/session-store.ts'

sessionStoreConformance('memory', async () => memorySessionStore())
sessionStoreConformance('sqlite', async () => {
  const state = openState({ path: ':memory:', durability: 'normal' })
  return {
    ...sqliteSessions(state),
    [Symbol.asyncDispose]: async () => state[Symbol.dispose](),
  }
})
