import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { randomId } from '../../core/random.ts'
import { syncFolder } from '../../core/folder.ts'
import { diskError } from './system-errors.ts'

/** The group may read: a proxy in it can send files itself. */
const MODE = 0o640

/**
 * The owner's execute bit, which means nothing on a file that is no program: somebody writes to the part,
 * or did when he died. It is kept with the bytes, so that every process sees it.
 */
const BEING_WRITTEN = 0o100

const NAME_BYTES = 16

const syncAll = promisify(fsync)

/** How part files are opened for writing, as descriptors, and closed. */
export interface PartFiles {
  /** Makes an empty file; throws if there is one. */
  create(path: string): number
  /** Opens the file without what lies beyond `offset`; rejects if it is shorter. */
  resume(path: string, offset: number): Promise<number>
  readonly close: (descriptor: number) => void
}

/** For one process alone: whoever wrote to a part before has finished. */
export const OWN_PARTS: PartFiles = {
  create: (path) => createFile(path, MODE),
  resume: async (path, offset) => openAt(path, offset),
  close: closeSync,
}

/**
 * For several processes. One that hung and was passed over may still write when it wakes: whoever goes on with
 * its part does so in a copy that takes the part's name, so that the late bytes go where nobody reads them.
 */
export const SHARED_PARTS: PartFiles = {
  create: (path) => createFile(path, MODE | BEING_WRITTEN),
  resume: async (path, offset) => {
    const isAbandoned = (lstatSync(path).mode & BEING_WRITTEN) !== 0
    return isAbandoned ? await openCopy(path, offset) : markedAsWritten(openAt(path, offset))
  },
  close: (descriptor) => {
    try {
      fchmodSync(descriptor, MODE)
    } finally {
      closeSync(descriptor)
    }
  },
}

function createFile(path: string, mode: number): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  try {
    return openSync(path, flags, mode)
  } catch (error) {
    throw diskError(error)
  }
}

function openAt(path: string, offset: number): number {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
  try {
    const { size } = fstatSync(descriptor)
    if (size < offset) throw new Error(`The part has ${size} bytes, not the ${offset} expected`)
    if (size > offset) ftruncateSync(descriptor, offset)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function markedAsWritten(descriptor: number): number {
  try {
    fchmodSync(descriptor, MODE | BEING_WRITTEN)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Until it has the part's name the copy is an orphan, which is collected if this process dies. */
async function openCopy(path: string, offset: number): Promise<number> {
  const copy = join(dirname(path), randomId(NAME_BYTES))
  try {
    await copyFile(path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const descriptor = markedAsWritten(openAt(copy, offset))
    try {
      // What is told of as kept must be so under the name that is read after a crash.
      await syncAll(descriptor)
      renameSync(copy, path)
      await syncFolder(dirname(path))
      return descriptor
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
  } catch (error) {
    rmSync(copy, { force: true })
    throw diskError(error)
  }
}
