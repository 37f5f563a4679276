/** Files that are being sent, kept in the browser so that sending goes on after a reload of the page. */
const DATABASE = 'resilient-upload'
const FILES = 'files'

/**
 * Keeps a file, with what other plugins have noted on it: the key of one that is encrypted, for instance. What cannot be
 * kept, for want of room or in a private window, is not.
 */
export async function keepFile(id: string, file: File): Promise<void> {
  const notes = Object.fromEntries(Object.entries(file))
  await attempt('readwrite', (files) => files.put({ file, notes }, id))
}

/** A file that was kept, and its notes again on it. */
export async function keptFile(id: string): Promise<File | undefined> {
  const found: unknown = await attempt('readonly', (files) => files.get(id))
  const { file, notes }: { file?: unknown; notes?: unknown } = { ...Object(found) }
  return file instanceof File ? Object.assign(file, notes) : undefined
}

export async function forgetFile(id: string): Promise<void> {
  await attempt('readwrite', (files) => files.delete(id))
}

async function attempt(
  mode: IDBTransactionMode,
  ask: (files: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  try {
    const opening = indexedDB.open(DATABASE, 1)
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(FILES))
    await succeeded(opening)
    using stack = new DisposableStack()
    const database = stack.adopt(opening.result, (opened) => opened.close())
    const request = ask(database.transaction(FILES, mode).objectStore(FILES))
    await succeeded(request)
    return request.result
  } catch {
    return undefined
  }
}

async function succeeded(request: IDBRequest): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  request.addEventListener('success', () => resolve())
  request.addEventListener('error', () => reject(request.error))
  await promise
}
