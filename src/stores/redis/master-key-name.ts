import type { RedisConnection } from './connection.ts'
import { keysBelow } from './keys.ts'

/**
 * Leaves the `kid` of this server's master key for servers that start later; resolves to the one that was
 * left before, if any. The key itself is never sent.
 */
export async function exchangeMasterKeyName(
  kid: string,
  { connection, prefix }: { readonly connection: RedisConnection; readonly prefix: string },
): Promise<string | undefined> {
  const before = await connection.command(['set', keysBelow(prefix).masterKey, kid, 'get'])
  return typeof before === 'string' ? before : undefined
}
