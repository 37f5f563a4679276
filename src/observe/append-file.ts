import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../core/folder.ts'

/** No file has this number, whereas that of a closed file is given to the next one. */
const CLOSED = -1

const NEWLINE = Buffer.from('\n')

/** What became of lines. */
export interface Appended {
  /** How many of their bytes stand in the file: all, unless there is an error. */
  readonly bytes: number
  readonly error?: unknown
}

/** A file that only grows. */
export interface AppendFile {
  /**
   * Appends whole lines, each with its newline. Done from this thread: a short append to the page
   * cache takes a tenth of the way to another thread, and none is under way when the process ends.
   */
  append(lines: Buffer): Appended
  /** Whether it keeps what is written to it, as a pipe or a device does not. */
  isRegular(): boolean
  /** Whether the path names another file than the one that is open, or none. */
  isElsewhere(): boolean
  /** Opens the path anew; throws and keeps the old file if that fails. */
  reopen(): void
  close(): void
}

/** Opens the file (`O_APPEND`), made with mode 0600 if it is not there, and so is its folder, with 0700. */
export function openAppendFile(path: string): AppendFile {
  makeFolder(dirname(path), 0o700)
  let fd = openAt(path)
  let torn = isTorn(fd)
  return {
    append(lines) {
      // Half a line may stand there, of a write that failed or a process that was killed; a newline keeps the
      // next one whole.
      const start = torn ? 1 : 0
      const { bytes, error } = written(fd, torn ? Buffer.concat([NEWLINE, lines]) : lines)
      torn = error !== undefined
      return { bytes: Math.max(0, bytes - start), ...(torn && { error }) }
    },
    isRegular: () => fstatSync(fd).isFile(),
    isElsewhere: () => !isAt(path, fd),
    reopen() {
      const old = fd
      fd = openAt(path)
      torn = isTorn(fd)
      closeSync(old)
    },
    close() {
      if (fd === CLOSED) return
      closeSync(fd)
      fd = CLOSED
    },
  }
}

function openAt(path: string): number {
  return openSync(path, 'a+', 0o600)
}

function isTorn(fd: number): boolean {
  const found = fstatSync(fd)
  if (!found.isFile() || found.size === 0) return false
  const last = Buffer.alloc(1)
  return readSync(fd, last, 0, 1, found.size - 1) === 1 && !last.equals(NEWLINE)
}

function isAt(path: string, fd: number): boolean {
  const [own, there] = [fstatSync(fd), statSync(path, { throwIfNoEntry: false })]
  return own.ino === there?.ino && own.dev === there.dev
}

/** One write may take a part only, as on a disk that is nearly full. */
function written(fd: number, all: Buffer): Appended {
  let bytes = 0
  try {
    while (bytes < all.length) bytes += writeSync(fd, all, bytes)
    return { bytes }
  } catch (error) {
    return { bytes, error }
  }
}
