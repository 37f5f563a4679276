import { join } from 'node:path'
import type { Preset } from './layers.ts'

/**
 * What takes the place of defaults when there is no configuration file: everything is kept in
 * `dataFolder` (absolute), and one secret opens the schemes `v1`, `v2` and `jwt`.
 */
export function embeddedDefaults(dataFolder: string, secret: string): Preset {
  return {
    'storage.url': `file:${join(dataFolder, 'files')}`,
    'session_store.path': join(dataFolder, 'state.db'),
    'security.master_key': join(dataFolder, 'master.key'),
    'audit.file': join(dataFolder, 'audit.jsonl'),
    'grants.v1_secret': secret,
    'grants.v2_secret': secret,
    'grants.jwt_secret': secret,
  }
}
