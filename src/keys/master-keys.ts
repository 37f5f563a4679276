import { type Clock, systemClock } from '../core/clock.ts'
import { derivedKey } from '../core/hkdf.ts'
import { type KeyEntries, type KeyEntry, readKeyFile, readOrMakeKeyFile } from './key-file.ts'

/** A key that others are derived from; it is never used itself. */
export interface MasterKey {
  /** Names it wherever something was derived from it. */
  readonly kid: string
  /** HKDF-SHA256 (RFC 5869): 32 bytes for `info`; the UTF-8 bytes of `salt`. */
  derive(info: string, salt: string): Buffer
}

/** All master keys: one that is used for what is new, and those before it. */
export interface MasterKeys {
  readonly current: MasterKey
  /** The current one first. */
  readonly all: readonly MasterKey[]
  find(kid: string): MasterKey | undefined
}

/**
 * Opens the file of the master keys; one with a fresh key is made (mode 0600, on stable storage) if
 * there is none. Processes that do so at once get the same key. Throws an `OperatorError` that says
 * what to do about a file that others can read, that is damaged or that can't be read.
 */
export async function openMasterKeys(
  file: string,
  clock: Clock = systemClock,
): Promise<MasterKeys> {
  return masterKeys(await readOrMakeKeyFile(file, clock))
}

/** The master keys as they stand in their file, nothing if there is none; refuses as {@link openMasterKeys}. */
export async function readMasterKeys(file: string): Promise<MasterKeys | undefined> {
  const entries = await readKeyFile(file)
  return entries && masterKeys(entries)
}

/** The keys of these entries, of which the first is the current one. */
export function masterKeys([newest, ...older]: KeyEntries): MasterKeys {
  const current = masterKey(newest)
  const all = [current, ...older.map(masterKey)]
  const byKid = new Map(all.map((key) => [key.kid, key]))
  return { current, all, find: (kid) => byKid.get(kid) }
}

function masterKey({ kid, key }: KeyEntry): MasterKey {
  return { kid, derive: (info, salt) => derivedKey(key, { info, salt }) }
}
