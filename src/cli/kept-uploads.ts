import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../client/node/file-store.ts'
import type { UploadStore } from '../client/platform.ts'
import type { Io } from './io.ts'

/** Where commands remember unfinished uploads: among the user's state (XDG Base Directory Specification). */
export function keptUploads({ env }: Io): UploadStore {
  const { XDG_STATE_HOME: state, HOME: home = homedir() } = env
  return fileStore(join(state || join(home, '.local', 'state'), 'hmac-file-server', 'uploads'))
}
