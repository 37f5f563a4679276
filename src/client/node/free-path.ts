import { open } from 'node:fs/promises'
import { format, parse } from 'node:path'
import { isSystemError } from './system-error.ts'

/** A file that is called nothing. */
const NAMELESS = 'download'

/** Bytes of UTF-8. File systems take 255; the rest is for a number. */
const LONGEST_NAME = 240

/** The name a file gets that a server calls so: short enough for a file system, and with the same ending. */
export function storableName(name = NAMELESS): string {
  const { name: stem, ext } = parse(name)
  const room = LONGEST_NAME - Buffer.byteLength(ext)
  return room > 0 ? shortened(stem, room) + ext : shortened(name, LONGEST_NAME)
}

function shortened(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes))
  return text.slice(0, read)
}

/**
 * Makes an empty file that was not there before: at the path, else at `NAME (1).EXT`, `NAME (2).EXT` … Resolves to
 * where it is. Rejects with the file system's error.
 */
export async function reservedPath(path: string): Promise<string> {
  const { dir, name, ext } = parse(path)
  for (let number = 0; ; number += 1) {
    const free = number === 0 ? path : format({ dir, name: `${name} (${number})`, ext })
    if (await isReserved(free)) return free
  }
}

async function isReserved(path: string): Promise<boolean> {
  try {
    await using _ = await open(path, 'wx')
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  }
}
