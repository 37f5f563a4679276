import { lateCode } from './late-code.ts'
import type { PersistenceNeeds } from './persistence.ts'
import type { Platform, UploadStore } from './platform.ts'

/**
 * Where a platform remembers uploads; `false`: nowhere. While its code does not come nothing begins, since what is
 * remembered would be lost. Rejects like {@link lateCode}.
 */
export async function lateStore(
  { store }: Platform,
  needs: PersistenceNeeds,
): Promise<UploadStore | false> {
  return store ? await lateCode(store, needs) : false
}
