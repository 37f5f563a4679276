import { closeSync, constants, openSync } from 'node:fs'
import { LRUCache } from 'lru-cache'
import { errorCode } from '../../core/error-code.ts'
import { Refusal } from '../../core/refusals.ts'

/** Milliseconds. Bounds how long a file that another process removed still takes up room. */
const LONGEST_OPEN = 300_000

/** Milliseconds that this may be off: between them the cache does not ask for the time. */
const RESOLUTION = 1_000

const MAX_OPEN = 512

/** An open file, in use until it is disposed once. */
export interface OpenFile extends Disposable {
  readonly descriptor: number
  /** How often it was used since it was opened, this time included. */
  readonly uses: number
}

/** Files kept open, so that a popular one is not opened for every read. */
export interface OpenFiles extends Disposable {
  /** Opens the file of that name, or takes the open one. Throws `Refusal('not-found')` if there is none. */
  use(name: string): OpenFile
  /** Closes the file as soon as nobody uses it any more. */
  forget(name: string): void
}

interface Entry extends OpenFile {
  uses: number
  users: number
  /** No longer among the open files: whoever uses it last closes it. */
  dropped: boolean
}

/** `pathOf` tells where the file of a name is; it is asked only when one is opened. */
export function openFiles(pathOf: (name: string) => string): OpenFiles {
  const entries = new LRUCache<string, Entry>({
    max: MAX_OPEN,
    ttl: LONGEST_OPEN,
    ttlAutopurge: true,
    ttlResolution: RESOLUTION,
    dispose: (entry) => {
      entry.dropped = true
      closeUnused(entry)
    },
  })

  return {
    use: (name) => {
      let entry = entries.get(name)
      if (entry === undefined) {
        entry = entryOf(openForReading(pathOf(name)))
        entries.set(name, entry)
      }
      entry.users++
      entry.uses++
      return entry
    },
    forget: (name) => {
      entries.delete(name)
    },
    [Symbol.dispose]: () => entries.clear(),
  }
}

function entryOf(descriptor: number): Entry {
  const entry: Entry = {
    descriptor,
    users: 0,
    uses: 0,
    dropped: false,
    [Symbol.dispose]: () => {
      entry.users--
      closeUnused(entry)
    },
  }
  return entry
}

function closeUnused(entry: Entry): void {
  if (entry.dropped && entry.users === 0) closeSync(entry.descriptor)
}

function openForReading(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    throw new Refusal('not-found', { why: 'the bytes are gone' }, { cause })
  }
}
