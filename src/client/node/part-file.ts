import { createHash } from 'node:crypto'
import { access, constants, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Beginning, Download } from '../download-options.ts'
import { lockPart } from './part-lock.ts'

/** What has come of a file, while nobody else can write to it. What is of no use later is not kept. */
export interface PartFile extends AsyncDisposable {
  /** What an earlier download from the same URL left. */
  readonly beginning: Beginning | undefined
  /** Writes the stream of a download behind what is there of it. */
  readonly fill: (download: Download) => Promise<void>
  /** Gives the complete file its name, in place of any other of that name. */
  readonly moveTo: (path: string) => Promise<void>
}

/** What the bytes of a part are of. */
interface Note {
  readonly etag: string
  readonly size: number
}

/**
 * Takes the part of the file behind a URL that is in the folder, or will be. Its name says nothing of the URL, which is
 * a secret between those who share the file. Rejects if another download has it, or with the file system's error.
 */
export async function takePart(folder: string, url: string): Promise<PartFile> {
  await access(folder, constants.W_OK)
  const part = join(folder, `.${createHash('sha256').update(url).digest('hex').slice(0, 32)}.part`)
  const note = `${part}.json`
  const lock = lockPart(`${part}.lock`)

  async function fill({ etag, size, start, stream }: Download): Promise<void> {
    // A note must never stand beside bytes of another file.
    if (start === 0) await rm(note, { force: true })
    await using file = await open(part, 'a')
    await file.truncate(start)
    // Without a tag, what is left of the file would be of no use.
    if (start === 0 && etag !== undefined) await writeFile(note, JSON.stringify({ etag, size }))
    await file.writeFile(stream)
    // After a power failure the name must not stand for nothing.
    await file.sync()
  }

  async function moveTo(path: string): Promise<void> {
    await rename(part, path)
    await rm(note, { force: true })
  }

  async function beginning(): Promise<Beginning | undefined> {
    const [noted, bytes] = await Promise.all([noteIn(note), sizeOf(part)])
    if (!noted || bytes === 0 || bytes > noted.size) return undefined
    // Where everything is there, a byte must be left to ask for.
    return { offset: Math.min(bytes, noted.size - 1), etag: noted.etag }
  }

  return {
    beginning: await beginning(),
    fill,
    moveTo,
    async [Symbol.asyncDispose]() {
      await using _ = lock
      if (await beginning()) return
      await Promise.all([rm(part, { force: true }), rm(note, { force: true })])
    },
  }
}

async function noteIn(path: string): Promise<Note | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isNote(note) ? note : undefined
  } catch {
    return undefined // None, or none that can be used: then the download begins anew.
  }
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null || !('etag' in value && 'size' in value)) {
    return false
  }
  return typeof value.etag === 'string' && Number.isSafeInteger(value.size)
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}
