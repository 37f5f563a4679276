/** Counts what is forced to the disk. To be imported first: others keep the functions they find. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

export const syncCalls = { data: 0, folder: 0 }

const { fdatasync, fsync } = fs

fs.fdatasync = Object.assign((...args: Parameters<typeof fdatasync>): void => {
  syncCalls.data += 1
  fdatasync(...args)
}, fdatasync)
fs.fsync = Object.assign((...args: Parameters<typeof fsync>): void => {
  syncCalls.folder += 1
  fsync(...args)
}, fsync)
syncBuiltinESMExports()
