import type { Fingerprint } from '../core/slot-path.ts'
import type { ChangeSession } from './bound-records.ts'
import { type UploadNews, withUploads } from './bound-session-life.ts'

/** What became of the uploads of sessions with a key, until it is stored. */
export interface PendingNews {
  note(name: string, slot: Fingerprint, news: UploadNews): void
  /** The session is gone. */
  forget(name: string): void
  /** Stores it. Rejects as the store does; then the next one tries again. */
  readonly flush: () => Promise<void>
}

export function pendingNews(change: ChangeSession): PendingNews {
  /** By session, and by slot. */
  const news = new Map<string, Map<Fingerprint, UploadNews>>()
  let latest: Promise<void> = Promise.resolve()
  return {
    note(name, slot, told): void {
      const slots = news.get(name) ?? new Map<Fingerprint, UploadNews>()
      news.set(name, slots.set(slot, told))
    },
    forget: (name) => void news.delete(name),
    async flush(): Promise<void> {
      // One after the other: an upload's end is never stored before its beginning.
      latest = latest.catch(() => undefined).then(store)
      await latest
    },
  }

  async function store(): Promise<void> {
    // What comes meanwhile is left to the next time.
    for (const [name, slots] of Array.from(news)) {
      news.delete(name)
      try {
        await change(name, (session) => withUploads(session, slots))
      } catch (error) {
        news.set(name, new Map([...slots, ...(news.get(name) ?? [])]))
        throw error
      }
    }
  }
}
