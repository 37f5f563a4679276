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
  let opened: Promise<IDBDatabase> | undefined

  async function database(): Promise<IDBDatabase> {
    opened ??= openDatabase(name, () => (opened = undefined))
    return await opened
  }

  async function attempt<Result>(
    mode: IDBTransactionMode,
    ask: (states: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result | undefined> {
    try {
      const transaction = (await database()).transaction(STATES, mode)
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
      await attempt('readwrite', (states) => droppingOld(states, clock() - LIFE))
      const kept = await attempt<Kept | undefined>('readonly', (states) => states.get(id))
      return kept?.state
    },
    async save(id, state) {
      await attempt('readwrite', (states) => states.put({ state, savedAt: clock() }, id))
    },
    async remove(id) {
      await attempt('readwrite', (states) => states.delete(id))
    },
    async hold(id) {
      // Pages that did not come over TLS have no locks.
      if (!('locks' in navigator)) return async () => {}
      const given = Promise.withResolvers<boolean>()
      const wanted = Promise.withResolvers<void>()
      // A page that is left lets go a little later.
      const signal = AbortSignal.timeout(PATIENCE)
      const over = navigator.locks.request(`${name} ${id}`, { signal }, async () => {
        given.resolve(true)
        await wanted.promise
      })
      over.catch(() => given.resolve(false))
      if (!(await given.promise)) return undefined
      return async () => {
        wanted.resolve()
        await over
      }
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

/** Opens the database; calls back when the connection to it is of no more use. */
async function openDatabase(name: string, onGone: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STATES))
  await either(request, 'success', 'error')
  const database = request.result
  // Another page removes the database, or the user clears what sites have stored.
  database.addEventListener('versionchange', () => {
    database.close()
    onGone()
  })
  database.addEventListener('close', onGone)
  return database
}

/** Resolves with the one event, rejects with the other. */
async function either(target: EventTarget, good: string, bad: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  target.addEventListener(good, resolve)
  target.addEventListener(bad, reject)
  await promise
}
