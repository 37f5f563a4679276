import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'
import { sqliteSlotStore } from '../../src/stores/sqlite/slot-store.ts'
import { slotStoreConformance } from '../conformance/slot-store.ts'

slotStoreConformance('memory', async () => memorySlotStore())
slotStoreConformance('sqlite', async () =>
  sqliteSlotStore({ path: ':memory:', durability: 'normal' }),
)
