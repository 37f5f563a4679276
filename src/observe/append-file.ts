import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../core/folder.ts'

/** No file has this number, whereas that of a closed file is given to the next one. */
const CLOSED = -1

/** A file that only grows. */
export interface AppendFile {
  /**
   * Appends whole lines, each with its newline; throws if not all of them are written. Done from
   * this thread: a short append to the page cache takes a tenth of the way to another thread, and
   * none is under way when the process ends.
   */
  append(lines: string): void
  /** Opens the path anew; throws and keeps the old file if that fails. */
  reopen(): void
  /** Opens the path anew if the file is not there any more; throws as `reopen`. */
  follow(): void
  close(): void
}

/** Opens the file (`O_APPEND`), made with mode 0600 if it is not there, and so is its folder, with 0700. */
export function openAppendFile(path: string): AppendFile {
  makeFolder(dirname(path), 0o700)
  let fd = openAt(path)
  let torn = false
  const reopen = (): void => {
    const old = fd
    fd = openAt(path)
    torn = false
    closeSync(old)
  }
  return {
    append(lines) {
      // After a failure half a line may stand there; a newline keeps the next one whole.
      const text = torn ? `\n${lines}` : lines
      torn = true
      writeWhole(fd, text)
      torn = false
    },
    reopen,
    follow() {
      if (!isAt(path, fd)) reopen()
    },
    close() {
      if (fd === CLOSED) return
      closeSync(fd)
      fd = CLOSED
    },
  }
}

function openAt(path: string): number {
  return openSync(path, 'a', 0o600)
}

function isAt(path: string, fd: number): boolean {
  const [own, there] = [fstatSync(fd), statSync(path, { throwIfNoEntry: false })]
  return own.ino === there?.ino && own.dev === there.dev
}

/** One write may take a part only, as on a disk that is nearly full. */
function writeWhole(fd: number, text: string): void {
  let written = writeSync(fd, text)
  if (written === Buffer.byteLength(text)) return
  const bytes = Buffer.from(text)
  while (written < bytes.length) written += writeSync(fd, bytes, written)
}
