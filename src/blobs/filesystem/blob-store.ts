import { linkSync, lstatSync, renameSync, unlink, unlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { errorCode } from '../../core/error-code.ts'
import { syncFolder } from '../../core/folder.ts'
import { type Stopwatch, systemStopwatch } from '../../core/clock.ts'
import type { BlobStore, Publication } from '../../engine/ports.ts'
import { blobReader } from './blob-reader.ts'
import { diskPace } from './disk-pace.ts'
import { freeSpace } from './free-space.ts'
import { layout } from './layout.ts'
import { listBlobs } from './listing.ts'
import { OWN_PARTS, SHARED_PARTS } from './part-files.ts'
import { partWriter } from './part-writer.ts'
import { prepareFolders } from './preparation.ts'
import { diskError } from './system-errors.ts'

const unlinkBehind = promisify(unlink)

/**
 * Bytes in files below `folder`, which is made if it is not there. Opening, naming and closing are
 * operations in memory and therefore synchronous; so are reads and writes of bytes while the
 * disk keeps up. `isShared`: other processes write to parts there as well. Rejects with an `Error` that
 * names the folder if it can't be used.
 */
export async function filesystemBlobStore(options: {
  folder: string
  isShared?: boolean
  stopwatch?: Stopwatch
}): Promise<BlobStore> {
  const { folder, isShared = false, stopwatch = systemStopwatch } = options
  const places = layout(resolve(folder))
  prepareFolders(places)
  const reader = blobReader(places, stopwatch)
  const parts = isShared ? SHARED_PARTS : OWN_PARTS
  const writing = { pace: diskPace(stopwatch), close: parts.close }
  /** Parts that are files now: under a second name, so that taking theirs away is quick, or moved, so that nothing is left of it. */
  const published = new Map<string, 'linked' | 'moved'>()

  return {
    create: (part) =>
      partWriter(parts.create(places.path('part', part)), { length: 0, ...writing }),
    resume: async (part, offset) => {
      const descriptor = await parts.resume(places.path('part', part), offset)
      return partWriter(descriptor, { length: offset, ...writing })
    },
    publish(part, file, { sync, isFresh = false }) {
      const [from, to] = [places.path('part', part), places.path('file', file)]
      const outcome = isFresh ? named(renameSync, from, to) : named(linkSync, from, to)
      if (outcome === 'published') published.set(part, isFresh ? 'moved' : 'linked')
      return sync ? synced(outcome, places.shardFolder('file', file)) : outcome
    },
    read: reader.read,
    readPart: reader.readPart,
    isPublishedAs: async (part, file) =>
      isSameFile(places.path('part', part), places.path('file', file)),
    partSize: async (part) => sizeOf(places.path('part', part)),
    fileSize: async (file) => sizeOf(places.path('file', file)),
    removePart(part) {
      const as = published.get(part)
      published.delete(part)
      if (as === 'moved') return undefined
      const path = places.path('part', part)
      return as === 'linked' ? removeName(path) : removeFile(path)
    },
    removeFile: async (file) => {
      await removeFile(places.path('file', file))
      reader.forget(file)
    },
    location: (file) => places.location(file),
    list: () => listBlobs(places),
    free: freeSpace(places.folder, stopwatch),
    [Symbol.asyncDispose]: async () => reader[Symbol.dispose](),
  }
}

async function synced(outcome: Publication, folder: string): Promise<Publication> {
  await syncFolder(folder)
  return outcome
}

/** A link fails if the name is taken, which a rename does not. */
function named(give: (from: string, to: string) => void, from: string, to: string): Publication {
  try {
    give(from, to)
    return 'published'
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'exists'
    if (errorCode(error) === 'ENOENT') return 'missing'
    throw diskError(error)
  }
}

function sizeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.size
}

function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) =>
    lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  )
  if (first === undefined || second === undefined) return false
  return first.ino === second.ino && first.dev === second.dev
}

/** Taking away one of several names is quick; with the last one the file system frees the bytes. */
async function removeFile(path: string): Promise<void> {
  const links = lstatSync(path, { throwIfNoEntry: false })?.nlink
  if (links === undefined) return
  if (links > 1) return removeName(path)
  try {
    await unlinkBehind(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

function removeName(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
