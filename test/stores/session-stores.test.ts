import { memorySessionStore } from '../../src/stores/memory/session-store.ts'
import { sessionStoreConformance } from '../conformance/session-store.ts'

sessionStoreConformance('memory', async () => memorySessionStore())
