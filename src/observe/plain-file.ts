import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** What stands at a path is no file with an end: a folder, a pipe, a device. */
class NotAFile extends Error {
  /** As errors of the system have one. */
  readonly code = 'NOT_A_FILE'

  constructor() {
    super('it is not a file')
    this.name = 'NotAFile'
  }
}

/** Without waiting for whoever writes to a pipe: a thread that waits there cannot be stopped. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * Opens a file for reading; rejects with the error of the system.
 * @throws {NotAFile}
 */
export async function openPlainFile(path: string): Promise<FileHandle> {
  await using opened = new AsyncDisposableStack()
  const handle = opened.use(await open(path, READ))
  if (!(await handle.stat()).isFile()) throw new NotAFile()
  opened.move()
  return handle
}

/**
 * {@link openPlainFile} from this thread; returns the number of the open file, and throws the error of the system.
 * @throws {NotAFile}
 */
export function openPlainFileNow(path: string): number {
  const fd = openSync(path, READ)
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new NotAFile()
}
