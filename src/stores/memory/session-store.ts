import type { SessionStore } from '../../sessions/ports.ts'
import type { SessionRecord } from '../../sessions/session-record.ts'

/** Records of sessions in the memory of this process, gone with it. */
export function memorySessionStore(): SessionStore {
  const records = new Map<string, SessionRecord>()
  return {
    find: async (key) => records.get(key),
    save: async (saved) => {
      for (const record of saved) records.set(record.key, record)
    },
    replace: async (record, revision) => {
      if (records.get(record.key)?.revision !== revision) return false
      records.set(record.key, record)
      return true
    },
    remove: async (keys) => keys.filter((key) => records.delete(key)).length,
    count: async () => records.size,
    openedBefore: async (moment, limit) =>
      [...records.values()]
        .filter(({ openedAt }) => openedAt <= moment)
        .toSorted((a, b) => a.openedAt - b.openedAt)
        .slice(0, limit),
    idle: async (limit) =>
      [...records.values()]
        .filter(({ uploads }) => uploads.length === 0)
        .toSorted((a, b) => a.lastActiveAt - b.lastActiveAt)
        .slice(0, limit),
    [Symbol.asyncDispose]: async () => {},
  }
}
