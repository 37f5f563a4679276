import type { UploadOptions } from 'hmac-file-server/client'

/** An upload that the page goes on with after it was closed. */
export interface KeptTransfer {
  /** Under which the client remembers how far it is. */
  readonly id: string
  readonly file: File
  readonly session: NonNullable<UploadOptions['session']>
}

const TRANSFERS = 'transfers'

/** Keeps an upload, its file included. */
export async function keepTransfer(transfer: KeptTransfer): Promise<void> {
  await inDatabase('readwrite', (transfers) => transfers.put(transfer))
}

export async function forgetTransfer(id: string): Promise<void> {
  await inDatabase('readwrite', (transfers) => transfers.delete(id))
}

export async function isTransferKept(id: string): Promise<boolean> {
  return (await inDatabase('readonly', (transfers) => transfers.count(id))) > 0
}

/** All that are kept, in the order in which they were added. */
export async function keptTransfers(): Promise<readonly KeptTransfer[]> {
  return await inDatabase<KeptTransfer[]>('readonly', (transfers) => transfers.getAll())
}

async function inDatabase<Result>(
  mode: IDBTransactionMode,
  ask: (transfers: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await openDatabase()
  try {
    const transaction = database.transaction(TRANSFERS, mode)
    const request = ask(transaction.objectStore(TRANSFERS))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    transaction.addEventListener('complete', () => resolve())
    transaction.addEventListener('abort', () => reject(transaction.error))
    await promise
    return request.result
  } finally {
    database.close()
  }
}

async function openDatabase(): Promise<IDBDatabase> {
  const { promise, resolve, reject } = Promise.withResolvers<IDBDatabase>()
  const request = indexedDB.open('example-web', 1)
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore(TRANSFERS, { keyPath: 'id' })
  })
  request.addEventListener('success', () => resolve(request.result))
  request.addEventListener('error', () => reject(request.error))
  return await promise
}
