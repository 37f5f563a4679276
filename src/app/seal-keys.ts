import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type Clock, systemClock } from '../core/clock.ts'
import { errorCode } from '../core/error-code.ts'
import { derivedKey } from '../core/hkdf.ts'
import { isJsonObject } from '../core/json-object.ts'
import { readKeyFile, readOrMakeKeyFile } from '../keys/key-file.ts'
import { type MasterKeys, masterKeys } from '../keys/master-keys.ts'
import type { SealKey } from '../observe/audit-seal.ts'

/** What a key is derived for. */
const USE = { info: 'hfs-audit/1 key', salt: '' }

/** The keys that seal the audit trail, one below each master key. */
export interface SealKeys {
  /** The one for a chain that begins now. */
  readonly current: () => SealKey
  /** Goes on with these master keys. */
  follow(master: MasterKeys): void
}

/**
 * The keys below the master keys in the file, which is made if it is not there. Those that were used are kept beside
 * it: lines are there for longer than the master key that they were sealed with.
 */
export async function openSealKeys(file: string, clock: Clock = systemClock): Promise<SealKeys> {
  let master = masterKeys(await readOrMakeKeyFile(file, clock), clock)
  // Whether they can be read matters to who verifies, not to who writes.
  const known = await keptKeys(file).catch(() => [])
  const kept = new Set(known.map(({ kid }) => kid))
  return {
    current() {
      const { current } = master
      const key = { kid: current.kid, key: current.derive(USE.info, USE.salt) }
      if (!kept.has(key.kid)) keep(file, key)
      kept.add(key.kid)
      return key
    },
    follow(next) {
      master = next
    },
  }
}

/** Finds the key of any chain; throws an `OperatorError` if the file of the master keys cannot be read. */
export async function readSealKeys(file: string): Promise<(kid: string) => SealKey | undefined> {
  const entries = (await readKeyFile(file)) ?? []
  const derived = entries.map(({ kid, key }) => ({ kid, key: derivedKey(key, USE) }))
  const all = [...(await keptKeys(file)), ...derived]
  const byKid = new Map(all.map((key) => [key.kid, key]))
  return (kid) => byKid.get(kid)
}

function keptBeside(file: string): string {
  return `${file}.audit`
}

function keep(file: string, { kid, key }: SealKey): void {
  try {
    const line = JSON.stringify({ kid, key: key.toString('base64url') })
    appendFileSync(keptBeside(file), `${line}\n`, { mode: 0o600 })
  } catch {
    // As long as the master key is there nobody needs it, and no line must be lost for it.
  }
}

async function keptKeys(file: string): Promise<readonly SealKey[]> {
  try {
    const text = await readFile(keptBeside(file), 'utf8')
    return text.split('\n').flatMap((line) => parsedKey(line) ?? [])
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Nothing if the line is damaged: then the chains of that key are not proved. */
function parsedKey(line: string): SealKey | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    if (!isJsonObject(parsed)) return undefined
    const { kid, key } = parsed
    if (typeof kid !== 'string' || typeof key !== 'string') return undefined
    return { kid, key: Buffer.from(key, 'base64url') }
  } catch {
    return undefined
  }
}
