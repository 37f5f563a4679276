import { execFile } from 'node:child_process'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { type FileServer, startFileServer } from './file-server.ts'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

const PROGRAM = join(import.meta.dirname, '../../bin/hmac-file-server.js')

/** Names of what lies in a storage folder. */
export interface StoredNames {
  readonly files: readonly string[]
  readonly parts: readonly string[]
}

/** State and files that outlive the server which wrote them. */
export interface KeptData extends AsyncDisposable {
  /** Holds `state.db` and `files/`. */
  readonly path: string
  /** Starts a server on the data, syncing before every answer. */
  readonly start: () => Promise<FileServer>
  readonly names: () => Promise<StoredNames>
  /** Makes all bytes look too old to belong to a running request. */
  readonly age: () => Promise<void>
}

/** Data in a folder of its own, or in one that exists already. */
export async function keptData(existing?: string): Promise<KeptData> {
  const folder = existing === undefined ? await tempFolder('kept-data') : undefined
  const path = existing ?? folder?.path ?? ''
  const paths = { part: join(path, 'files', 'parts'), file: join(path, 'files', 'files') }
  return {
    path,
    start: async () =>
      await startFileServer({
        config: {
          storage: { url: `file:${join(path, 'files')}`, fsync: 'ack' },
          session_store: { path: join(path, 'state.db') },
          downloads: { wait_for_upload: '200ms' },
        },
      }),
    names: async () => ({
      files: await namesBelow(paths.file),
      parts: await namesBelow(paths.part),
    }),
    age: async () => {
      for (const kind of Object.values(paths)) {
        for (const name of await namesBelow(kind)) await utimes(join(kind, name), 0, 0)
      }
    },
    [Symbol.asyncDispose]: async () => await folder?.[Symbol.asyncDispose](),
  }
}

async function namesBelow(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const shard of await readdir(folder)) {
    for (const name of await readdir(join(folder, shard))) names.push(join(shard, name))
  }
  return names
}

/** Runs an operator's command with the configuration of a running server; resolves to its output. */
export async function runCommand(server: FileServer, ...argv: string[]): Promise<string> {
  const config = join(server.folder, 'config.toml')
  const [name = '', ...rest] = argv
  return (await run(process.execPath, [PROGRAM, name, '--config', config, ...rest])).stdout
}
