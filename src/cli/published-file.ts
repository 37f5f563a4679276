import { type FileHandle, open } from 'node:fs/promises'
import { type Download, download } from '../client/node/main.ts'

/** A file on disk, and what may be the same one behind a link. */
export interface Published {
  /** Absolute. */
  readonly link: string
  readonly path: string
  /** In bytes. */
  readonly size: number
}

/** Milliseconds without a byte after which the comparison is given up. */
const PATIENCE = 20_000

/**
 * Whether the file is behind the link already, byte by byte: the server may have another one of its size, of which no
 * sample would tell. Fetches all of it if the size is the same. `false` as well if that cannot be told, for the server
 * is not there or gives nothing. Rejects with the signal's reason.
 */
export async function isPublished(
  { link, path, size }: Published,
  signal: AbortSignal,
): Promise<boolean> {
  const ended = new AbortController()
  using patience = setTimeout(() => ended.abort(), PATIENCE)
  try {
    await using file = await open(path)
    const limit = AbortSignal.any([signal, ended.signal])
    const onProgress = (): void => void patience.refresh()
    const there = await download(link, { signal: limit, onProgress })
    return there.size === size && (await isSame(file, there.stream))
  } catch {
    signal.throwIfAborted()
    return false
  } finally {
    ended.abort()
  }
}

async function isSame(file: FileHandle, stream: Download['stream']): Promise<boolean> {
  let at = 0
  for await (const piece of stream) {
    const own = await file.read(Buffer.alloc(piece.length), 0, piece.length, at)
    if (own.bytesRead < piece.length || !own.buffer.equals(piece)) return false
    at += piece.length
  }
  return true
}
