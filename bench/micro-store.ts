import path from 'node:path'
import { systemClock } from '../src/core/clock.ts'
import { randomId } from '../src/core/random.ts'
import { fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import type { SlotRecord } from '../src/engine/slot-record.ts'
import { sqliteSlotStore } from '../src/stores/sqlite/slot-store.ts'
import type { MicroCase } from './micro.ts'
import { openWorkFolder, WORK_FOLDER } from './work-folder.ts'

/** Rows that one turn of the event loop writes. */
const BATCHES = [1, 8, 64]

/** Rows of a round, however they are batched. */
const ROWS = 16_384

/** A slot as its first PUT makes it. */
function freshRecord(): SlotRecord {
  const slotPath = parseSlotPath(`${randomId(15)}/photo.jpg`)
  const now = systemClock()
  const upload = { id: randomId(16), generation: 1, durable: 0, createdAt: now } as const
  return {
    fingerprint: fingerprintOf(slotPath),
    id: randomId(16),
    path: slotPath,
    scheme: 'v1',
    owner: 'romeo@montague.example',
    network: '198.51.100.0/24',
    size: 65_536,
    contentType: 'image/jpeg',
    state: 'open',
    openedAt: now,
    lease: { epoch: 1, id: randomId(16) },
    uploads: [{ ...upload, state: 'receiving', face: 'plain' }],
  }
}

function batchCase(rows: number): MicroCase {
  return {
    name: `${rows === 1 ? 'one new slot' : `${rows} new slots`} stored in SQLite by one transaction`,
    calls: ROWS / rows,
    prepare: async () => {
      await using opening = new AsyncDisposableStack()
      const work = opening.use(await openWorkFolder(WORK_FOLDER))
      const file = path.join(work.path, 'state.db')
      const store = opening.use(sqliteSlotStore({ path: file, durability: 'normal' }))
      const opened = opening.move()
      const storeAll = async (): Promise<unknown> => {
        const records = Array.from({ length: rows }, freshRecord)
        return await Promise.all(records.map(async (record) => await store.create(record)))
      }
      return {
        call: storeAll,
        [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
      }
    },
  }
}

/** What it costs to store slots, which share the transaction of their turn. */
export const STORE_CASES: readonly MicroCase[] = BATCHES.map(batchCase)
