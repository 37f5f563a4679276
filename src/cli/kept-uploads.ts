import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../client/node/file-store.ts'
import type { UploadStore } from '../client/platform.ts'
import { type UsedFolder, folderProblem } from './folder-problem.ts'
import type { Io } from './io.ts'

/** Where commands remember unfinished uploads: among the user's state (XDG Base Directory Specification). */
export function keptUploads(
  { env }: Io,
  remedy = 'set XDG_STATE_HOME to another folder',
): UploadStore {
  const { XDG_STATE_HOME: state, HOME: home = homedir() } = env
  const path = join(state || join(home, '.local', 'state'), 'hmac-file-server', 'uploads')
  return uploadsIn({ path, remedy })
}

/** Remembers uploads in a folder. Rejects with `TransferFailure` where the folder cannot be used. */
export function uploadsIn(folder: UsedFolder): UploadStore {
  const store = fileStore(folder.path)

  async function told<Result>(result: Promise<Result>): Promise<Result> {
    return await result.catch((reason: unknown) => Promise.reject(folderProblem(reason, folder)))
  }

  return {
    keepsKeys: store.keepsKeys,
    load: async (id) => await told(store.load(id)),
    save: async (id, state) => await told(store.save(id, state)),
    remove: async (id) => await told(store.remove(id)),
    hold: async (id) => await told(store.hold(id)),
  }
}
