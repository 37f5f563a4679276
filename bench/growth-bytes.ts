import { lstatSync, readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { filesystemBlobStore } from '../src/blobs/filesystem/blob-store.ts'
import type { BlobStore } from '../src/engine/ports.ts'
import type { SlotRecord } from '../src/engine/slot-record.ts'

/** What stands in every file and part. */
export const CONTENT = Buffer.alloc(1024, 'growth')

/** Bytes younger than an hour are left alone by whoever looks for orphans. */
const LONG_AGO = 1

/** Bytes in the kernel's count of a file's blocks. */
const BLOCK = 512

/** Opens the storage folder of a server that does not run. */
export async function openBytes(folder: string): Promise<BlobStore> {
  return await filesystemBlobStore({ folder })
}

/** Stores the parts or the file of a slot, as old as they can be. */
export async function storeBytes(
  blobs: BlobStore,
  record: SlotRecord,
  folder: string,
): Promise<void> {
  if (record.state === 'published') await storeFile(blobs, record.id, folder)
  else for (const { id } of record.uploads) await storePart(blobs, id)
}

async function storePart(blobs: BlobStore, id: string): Promise<void> {
  await using part = await blobs.create(id)
  await part.write([CONTENT])
}

async function storeFile(blobs: BlobStore, id: string, folder: string): Promise<void> {
  await storePart(blobs, id)
  await blobs.publish(id, id, { sync: false })
  await blobs.removePart(id)
  const location = blobs.location(id)
  if (location !== undefined) utimesSync(path.join(folder, location), LONG_AGO, LONG_AGO)
}

/** What the files below a folder take of the disk. */
export interface DiskUse {
  /** Files and folders. */
  readonly inodes: number
  /** Bytes in blocks, those of folders included. */
  readonly allocated: number
}

/** Counts what a folder holds. */
export function diskUse(folder: string): DiskUse {
  let [inodes, allocated] = [0, 0]
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    inodes += 1
    allocated += lstatSync(path.join(folder, name)).blocks * BLOCK
  }
  return { inodes, allocated }
}
