import {
  type FileHandle,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Beginning, Download } from '../download-options.ts'

/** Beside a file that is not complete: its bytes, and what they are of. */
const PART = '.part'
const NOTE = '.part.json'

/** What the bytes of a part are of. */
interface Note {
  readonly url: string
  readonly etag: string
  readonly size: number
}

/** The beginning of the file at `path` that an earlier download from `url` left; nothing if there is none. */
export async function beginningOf(path: string, url: string): Promise<Beginning | undefined> {
  const [note, bytes] = await Promise.all([noteOf(path), sizeOf(`${path}${PART}`)])
  if (note?.url !== url || bytes === 0 || bytes > note.size) return undefined
  // Where everything is there, a byte must be left to ask for.
  return { offset: Math.min(bytes, note.size - 1), etag: note.etag }
}

/** The path in the folder to which an earlier download from `url` was on its way. */
export async function unfinishedIn(folder: string, url: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(NOTE))
  for (const name of names) {
    const path = join(folder, name.slice(0, -NOTE.length))
    if ((await noteOf(path))?.url === url) return path
  }
  return undefined
}

/** Writes the stream of a download behind what is there of it, and gives the file its name once it is complete. */
export async function saveAs(path: string, download: Download): Promise<void> {
  const { start, stream } = download
  const part = await openedPart(path, download).catch(async (reason: unknown) => {
    await stream.cancel()
    throw reason
  })
  // Closes the part, whatever comes.
  await pipeline(stream, part.createWriteStream({ start, flush: true }))
  await rename(`${path}${PART}`, path)
  await rm(`${path}${NOTE}`, { force: true })
}

async function openedPart(path: string, { url, etag, size, start }: Download): Promise<FileHandle> {
  // A note must never stand beside bytes of another file.
  if (start === 0) await rm(`${path}${NOTE}`, { force: true })
  const part = await open(`${path}${PART}`, start === 0 ? 'w' : 'r+')
  try {
    // Without a tag, what is left of the file would be of no use.
    if (etag !== undefined) await writeNote(path, { url, etag, size })
    return part
  } catch (error) {
    await part.close()
    throw error
  }
}

/** The URL is a secret between those who share the file. */
async function writeNote(path: string, note: Note): Promise<void> {
  await writeFile(`${path}${NOTE}`, JSON.stringify(note), { mode: 0o600 })
}

async function noteOf(path: string): Promise<Note | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(`${path}${NOTE}`, 'utf8'))
    return isNote(note) ? note : undefined
  } catch {
    return undefined // None, or none that can be used: then the download begins anew.
  }
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null) return false
  if (!('url' in value && 'etag' in value && 'size' in value)) return false
  const { url, etag, size } = value
  return typeof url === 'string' && typeof etag === 'string' && Number.isSafeInteger(size)
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}
