import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** A file that only grows. One call at a time. */
export interface AppendFile {
  /** Appends whole lines, each with its newline; rejects if not all of them are written. */
  append(lines: string): Promise<void>
  /** Opens the path anew; rejects and keeps the old file if that fails. */
  reopen(): Promise<void>
  close(): Promise<void>
}

/** Opens the file (`O_APPEND`), made with mode 0600 if it is not there. */
export async function openAppendFile(path: string): Promise<AppendFile> {
  let handle = await openAt(path)
  let torn = false
  return {
    async append(lines) {
      // After a failure half a line may stand there; a newline keeps the next one whole.
      const text = torn ? `\n${lines}` : lines
      torn = true
      await handle.appendFile(text)
      torn = false
    },
    async reopen() {
      const fresh = await openAt(path)
      const old = handle
      handle = fresh
      torn = false
      await old.close()
    },
    close: () => handle.close(),
  }
}

function openAt(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600)
}
