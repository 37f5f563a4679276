import { spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempFolder extends AsyncDisposable {
  readonly path: string
}

/** A system account's numbers, as `spawn` takes them. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** A private folder that other accounts can reach; given to `owner` if there is one. Removed on disposal. */
export async function tempFolder(name: string, owner?: Account): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `interop-${name}-`))
  await chmod(path, 0o755)
  if (owner) await chown(path, owner.uid, owner.gid)
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Looks a system account up. Throws if there is none of that name. */
export function accountOf(name: string): Account {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const answer = spawnSync('id', [flag, name], { encoding: 'utf8' })
    if (answer.status !== 0) throw new Error(`There is no account ${name}: ${answer.stderr}`)
    return Number(answer.stdout)
  })
  if (uid === undefined || gid === undefined) throw new Error(`There is no account ${name}`)
  return { uid, gid }
}
