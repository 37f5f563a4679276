import { writeSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../core/folder.ts'

/** A file that only grows. */
export interface AppendFile {
  /**
   * Appends whole lines, each with its newline; throws if not all of them are written. Done from
   * this thread: a short append to the page cache takes a tenth of the way to another thread, and
   * none is under way when the process ends.
   */
  append(lines: string): void
  /** Opens the path anew; rejects and keeps the old file if that fails. */
  reopen(): Promise<void>
  /** Opens the path anew if the file is not there any more; rejects as `reopen`. */
  follow(): Promise<void>
  close(): Promise<void>
}

/** Opens the file (`O_APPEND`), made with mode 0600 if it is not there, and so is its folder, with 0700. */
export async function openAppendFile(path: string): Promise<AppendFile> {
  makeFolder(dirname(path), 0o700)
  let handle = await openAt(path)
  let torn = false
  const reopen = async (): Promise<void> => {
    const fresh = await openAt(path)
    const old = handle
    handle = fresh
    torn = false
    await old.close()
  }
  return {
    append(lines) {
      // After a failure half a line may stand there; a newline keeps the next one whole.
      const text = torn ? `\n${lines}` : lines
      torn = true
      writeWhole(handle.fd, text)
      torn = false
    },
    reopen,
    async follow() {
      if (!(await isAt(path, handle))) await reopen()
    },
    close: () => handle.close(),
  }
}

async function openAt(path: string): Promise<FileHandle> {
  return await open(path, 'a', 0o600)
}

async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [own, there] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)])
  return own.ino === there?.ino && own.dev === there.dev
}

/** One write may take a part only, as on a disk that is nearly full. */
function writeWhole(fd: number, text: string): void {
  let written = writeSync(fd, text)
  if (written === Buffer.byteLength(text)) return
  const bytes = Buffer.from(text)
  while (written < bytes.length) written += writeSync(fd, bytes, written)
}
