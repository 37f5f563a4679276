import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../core/error-code.ts'
import { randomId } from '../core/random.ts'

/** Bytes of randomness in a secret that we make. */
const SECRET_BYTES = 32

/** A secret as `serve` and `init` make it. */
export function freshSecret(): string {
  return randomId(SECRET_BYTES)
}

/** Where the secret is kept that is made when there is no configuration file. */
export function ownSecretFile(dataFolder: string): string {
  return join(dataFolder, 'secret')
}

/** The secret in the data folder, if there is one. */
export async function readOwnSecret(dataFolder: string): Promise<string | undefined> {
  try {
    return (await readFile(ownSecretFile(dataFolder), 'utf8')).trim()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The secret in the data folder, made (mode 0600) if there is none. */
export async function keepOwnSecret(dataFolder: string): Promise<string> {
  const kept = await readOwnSecret(dataFolder)
  if (kept !== undefined) return kept
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const secret = freshSecret()
  await writeSecretFile(ownSecretFile(dataFolder), secret)
  return secret
}

/** Writes a text that only this user may read. Fails if the file exists. */
export async function writeSecretFile(file: string, text: string): Promise<void> {
  await writeFile(file, `${text}\n`, { mode: 0o600, flag: 'wx' })
}
