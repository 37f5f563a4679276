import type { Changes } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import type { SessionRoom } from './session-room.ts'
import type { SessionWriter } from './session-writer.ts'
import { sharedPast } from './shared-past.ts'

/** Sessions stored together before others get their turn. */
const BATCH = 256

/** Milliseconds in which the other processes store what they saw of a session, too. */
const LATE = 5_000

/** Sessions that ended. */
type Ended = Pick<Changes, 'ended' | 'gone'>

const NONE: Ended = { ended: [], gone: [] }

/**
 * Brings the store up to date where several processes see requests of one session: what each has seen
 * since its latest `write` is joined, in the order of time, with what is stored, and leaves its
 * memory. Changes of network are told then. An ended session is removed with the second `write`
 * after its end, when the other processes have stored what they knew of it.
 */
export function sharedWriter(room: SessionRoom, needs: SessionNeeds): SessionWriter {
  const { store, clock } = needs
  const { live, limits } = room
  const past = sharedPast(room, needs)
  let ending = NONE

  async function removeEnded({ ended, gone }: Ended): Promise<void> {
    const keys = [...new Set([...gone, ...ended.map(({ record }) => record.key)])]
    const pasts = await Promise.all(keys.map(async (key) => await store.find(key)))
    const stored = new Map(pasts.flatMap((one) => (one === undefined ? [] : [[one.key, one]])))
    limits.add(-(await store.remove(keys)))
    for (const { record } of ended) past.tell(stored.get(record.key), record)
  }

  async function saveBatch(keys: readonly string[]): Promise<void> {
    const areStored = await Promise.all(keys.map(async (key) => await past.join(key)))
    const unstored = keys.filter((_key, index) => areStored[index] === false)
    const fresh = unstored.filter(isUploading)
    await limits.makeRoom(fresh.length)
    await Promise.all(fresh.map(async (key) => await past.begin(key)))
    for (const key of unstored) wait(key)
  }

  function isUploading(key: string): boolean {
    return (live.find(key)?.record.uploads.length ?? 0) > 0
  }

  /** The upload may be that of another process, which has not stored it yet. */
  function wait(key: string): void {
    const session = live.find(key)
    if (session === undefined || session.record.lastActiveAt < clock() - LATE) return
    live.put({ ...session, isDirty: true })
  }

  return {
    async write(): Promise<void> {
      const { changed, ...justEnded } = live.takeChanges()
      let due = ending
      ending = justEnded
      try {
        await removeEnded(due)
        due = NONE
        const keys = changed.map(({ record }) => record.key)
        for (let at = 0; at < keys.length; at += BATCH) await saveBatch(keys.slice(at, at + BATCH))
      } catch (error) {
        live.giveBack({ changed, ...due })
        throw error
      }
    },
  }
}
