import { join } from 'node:path'
import type { StoredBlob } from '../../engine/ports.ts'

/** Every name a blob can have: base64url, so never a separator or a dot. */
const KEY = /^[A-Za-z0-9_-]{1,128}$/u

const SHARDS = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'))

type Kind = StoredBlob['kind']

const FOLDERS = { part: 'parts', file: 'files' } as const satisfies Record<Kind, string>

/** Where blobs are below a folder: `parts/<shard>/<key>` and `files/<shard>/<key>`. */
export interface Layout {
  readonly folder: string
  /** Folder of all blobs of a kind. */
  kindFolder(kind: Kind): string
  /** The 256 folders that hold blobs of a kind. */
  shardFolders(kind: Kind): readonly string[]
  shardFolder(kind: Kind, key: string): string
  /** Throws a `RangeError` for a name that is no key: nothing but a key becomes part of a path. */
  path(kind: Kind, key: string): string
  /** Path of a published file below the folder, with `/`. */
  location(key: string): string
}

export function layout(folder: string): Layout {
  const shardFolders = {
    part: SHARDS.map((shard) => join(folder, FOLDERS.part, shard)),
    file: SHARDS.map((shard) => join(folder, FOLDERS.file, shard)),
  }
  const shardFolder = (kind: Kind, key: string): string =>
    shardFolders[kind][shardOf(key)] ?? folder
  return {
    folder,
    kindFolder: (kind) => join(folder, FOLDERS[kind]),
    shardFolders: (kind) => shardFolders[kind],
    shardFolder,
    path: (kind, key) => `${shardFolder(kind, key)}/${key}`,
    location: (key) => `${FOLDERS.file}/${SHARDS[shardOf(key)]}/${key}`,
  }
}

/** Whether a name found on disk is one of ours. */
export function isKey(name: string): boolean {
  return KEY.test(name)
}

/** One byte of the key's FNV-1a hash. */
function shardOf(key: string): number {
  if (!isKey(key)) throw new RangeError('This is not the key of a blob')
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  }
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & 0xff
}
