import { open } from 'node:fs/promises'

/** A file on disk, and what may be the same one behind a link. */
export interface Published {
  /** Absolute. */
  readonly link: string
  readonly path: string
  /** In bytes. */
  readonly size: number
}

/** Bytes that are compared at each end of a file. */
const SAMPLE = 64 * 1024

/** Milliseconds that the comparison may take. */
const PATIENCE = 20_000

/**
 * Whether the file is behind the link already: of its size, and with its first and its last bytes. `false` as well if
 * that cannot be told, for the server is not there or gives no parts (RFC 9110 §14). Rejects with the signal's reason.
 */
export async function isPublished(published: Published, signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
  const { size } = published
  try {
    if (size === 0) return await isEmpty(published, limit)
    const head = { start: 0, end: Math.min(SAMPLE, size) }
    const tail = { start: Math.max(0, size - SAMPLE), end: size }
    return (await isSame(published, head, limit)) && (await isSame(published, tail, limit))
  } catch {
    signal.throwIfAborted()
    return false
  }
}

async function isEmpty({ link }: Published, signal: AbortSignal): Promise<boolean> {
  const { status, headers } = await fetch(link, { method: 'HEAD', signal })
  return status === 200 && headers.get('content-length') === '0'
}

async function isSame(
  { link, path, size }: Published,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<boolean> {
  const headers = { range: `bytes=${start}-${end - 1}` }
  const { status, headers: told, body } = await fetch(link, { headers, signal })
  const isPart = status === 206 && told.get('content-range') === `bytes ${start}-${end - 1}/${size}`
  if (!isPart || body === null) {
    await body?.cancel()
    return false
  }
  await using file = await open(path)
  let at = start
  for await (const piece of body) {
    const own = await file.read(Buffer.alloc(piece.length), 0, piece.length, at)
    if (own.bytesRead < piece.length || !own.buffer.equals(piece)) return false
    at += piece.length
  }
  return at === end
}
