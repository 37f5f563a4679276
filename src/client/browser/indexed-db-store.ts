import type { SavedState, UploadStore } from '../platform.ts'

const STATES = 'uploads'

interface Kept {
  readonly state: SavedState
  /** Milliseconds since 1970. */
  readonly savedAt: number
}

/** Milliseconds after which no server has the upload any more. */
const LIFE = 72 * 3_600_000

/** Milliseconds that another page has to let go of an upload. */
const PATIENCE = 500

/**
 * Remembers unfinished uploads in IndexedDB, keys that cannot be read included. What a browser does not keep (no
 * database in a private window, no room left) is not remembered, which is no reason for an upload to fail. What was
 * saved longer ago than a server keeps it, 72 hours, is forgotten. `clock`: milliseconds since 1970.
 */
export function indexedDbStore(name = 'hmac-file-server', clock = Date.now): UploadStore {
  async function attempt<Result>(
    ask: (states: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result | undefined> {
    try {
      const opening = indexedDB.open(name, 1)
      opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STATES))
      await either(opening, 'success', 'error')
      const transaction = opening.result.transaction(STATES, 'readwrite')
      // As soon as the transaction is over: nobody who removes the database has to wait.
      opening.result.close()
      const request = ask(transaction.objectStore(STATES))
      await either(transaction, 'complete', 'abort')
      return request.result
    } catch {
      return undefined
    }
  }

  return {
    keepsKeys: true,
    async load(id) {
      await attempt((states) => droppingOld(states, clock() - LIFE))
      const kept = await attempt<Kept | undefined>((states) => states.get(id))
      return kept?.state
    },
    async save(id, state) {
      await attempt((states) => states.put({ state, savedAt: clock() }, id))
    },
    async remove(id) {
      await attempt((states) => states.delete(id))
    },
    async hold(id) {
      // Pages that did not come over TLS have no locks.
      if (!('locks' in navigator)) return async () => {}
      const { promise, resolve } = Promise.withResolvers<(() => Promise<void>) | undefined>()
      // A page that is left lets go a little later.
      const signal = AbortSignal.timeout(PATIENCE)
      const over = navigator.locks.request(`${name} ${id}`, { signal }, async () => {
        const left = Promise.withResolvers<void>()
        resolve(async () => {
          left.resolve()
          await over
        })
        await left.promise
      })
      over.catch(() => resolve(undefined))
      return await promise
    },
  }
}

function droppingOld(states: IDBObjectStore, before: number): IDBRequest {
  const request = states.openCursor()
  request.addEventListener('success', () => {
    const cursor = request.result
    if (!cursor) return
    const { savedAt }: Kept = cursor.value
    if (savedAt < before) cursor.delete()
    cursor.continue()
  })
  return request
}

/** Resolves with the one event, rejects with the other. */
async function either(target: EventTarget, good: string, bad: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  target.addEventListener(good, resolve)
  target.addEventListener(bad, reject)
  await promise
}
