import type { Fingerprint } from '../core/slot-path.ts'
import type { ChangeSession } from './bound-records.ts'
import { withUploads } from './bound-session-life.ts'

/** What became of the uploads of sessions with a key, until it is stored. */
export interface UploadNews {
  /** The session's slot has an unfinished upload, or none any more. */
  note(name: string, slot: Fingerprint, isUnfinished: boolean): void
  /** The session is gone. */
  forget(name: string): void
  /** Stores it. Rejects as the store does; then the next one tries again. */
  readonly flush: () => Promise<void>
}

export function uploadNews(change: ChangeSession): UploadNews {
  /** By session, its slots and whether their uploads are unfinished. */
  const news = new Map<string, Map<Fingerprint, boolean>>()
  return {
    note(name, slot, isUnfinished): void {
      const slots = news.get(name) ?? new Map<Fingerprint, boolean>()
      news.set(name, slots.set(slot, isUnfinished))
    },
    forget: (name) => void news.delete(name),
    async flush(): Promise<void> {
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
    },
  }
}
