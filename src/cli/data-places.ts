import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from '../config/options.ts'
import { showSize } from '../config/quantity.ts'

/** What is known about a place where the server writes. */
export interface PlaceFacts {
  /** The option that names it. */
  readonly option: string
  readonly folder: string
  readonly exists: boolean
  /** This user may write there, or create it. */
  readonly usable: boolean
  readonly freeBytes: number
  /** Less is free than `storage.min_free`. */
  readonly low: boolean
}

/** Looks at every folder that the configuration has the server write to; creates nothing. */
export async function placeFacts(config: Config): Promise<PlaceFacts[]> {
  const { storage, sessionStore, security, audit } = config
  const places = [
    { option: 'storage.url', folder: storage.url.folder },
    ...(sessionStore.backend === 'sqlite'
      ? [{ option: 'session_store.path', folder: dirname(sessionStore.path) }]
      : []),
    { option: 'security.master_key', folder: dirname(security.masterKey) },
    ...(audit.file === '' ? [] : [{ option: 'audit.file', folder: dirname(audit.file) }]),
  ]
  return await Promise.all(
    places.map(async ({ option, folder }) => {
      const nearest = await nearestExisting(folder)
      const { bavail, bsize } = await statfs(nearest)
      const freeBytes = bavail * bsize
      const usable = await allows(nearest, constants.W_OK | constants.X_OK)
      const low = freeBytes < storage.minFree
      return { option, folder, exists: nearest === folder, usable, freeBytes, low }
    }),
  )
}

/** The facts in one sentence. */
export function placeSentence(place: PlaceFacts): string {
  const { option, folder, exists, usable, freeBytes, low } = place
  const state = exists ? 'exists' : 'does not exist yet'
  const right = usable ? 'this user may write there' : 'this user may not write there'
  const room = `${showSize(roundedToMebibytes(freeBytes))} free`
  const warning = low ? ', less than storage.min_free: uploads are refused' : ''
  return `${option}: ${folder} ${state}, ${right}, ${room}${warning}`
}

function roundedToMebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2) * 1024 ** 2
}

async function nearestExisting(folder: string): Promise<string> {
  const parent = dirname(folder)
  if (parent === folder || (await allows(folder, constants.F_OK))) return folder
  return await nearestExisting(parent)
}

async function allows(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  )
}
