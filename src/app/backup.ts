import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileCopies, fileCopies } from '../blobs/filesystem/file-copies.ts'
import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import { errorCode } from '../core/error-code.ts'
import { syncFolder } from '../core/folder.ts'
import { OperatorError } from '../core/operator-error.ts'
import type { SlotStore } from '../engine/ports.ts'
import type { SlotRecord } from '../engine/slot-record.ts'
import { type TransitionContext, next } from '../engine/transitions.ts'
import { sqliteSlotStore } from '../stores/sqlite/slot-store.ts'
import { snapshotDatabase } from '../stores/sqlite/snapshot.ts'
import { enginePolicyOf } from './settings.ts'

/** What a backup holds. */
export interface BackupReport {
  readonly files: number
  readonly bytes: number
  /** Files that share their bytes with the server's; the others are copies. */
  readonly linked: number
  /** Files that were deleted, by age or by request, while the backup was made. */
  readonly deletedMeanwhile: number
}

/**
 * Backs up the state, every published file it knows and the master key into the new folder `folder`, as
 * `state.db`, `files/` and `master.key`. A server may run meanwhile. Rejects, leaving nothing, when the
 * folder exists (`OperatorError`) or `signal` aborts.
 *
 * The state is copied first, then exactly the files it names. The other way round, a file published
 * in between would be in the state but not in the backup: lost, although a 201 was sent for it. This
 * way only a file that was deleted in between can be missing, and the backup's state is told so.
 * Files published later are no part of the backup, nor are unfinished uploads, which start again.
 */
export async function backUp(
  config: Config,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<BackupReport> {
  signal.throwIfAborted()
  await using undo = new AsyncDisposableStack()
  await makeNewFolder(folder)
  undo.defer(async () => await rm(folder, { recursive: true, force: true }))
  const unfinished = join(folder, 'state.db.unfinished')
  snapshotDatabase(config.sessionStore.path, unfinished)
  const copies = fileCopies({ from: config.storage.url.folder, to: join(folder, 'files') })
  const report = await copyFiles(unfinished, { copies, config, signal })
  await copies.sync()
  await copyMasterKey(config.security.masterKey, folder)
  // Whatever stops us, a folder with a `state.db` is a whole backup.
  await rename(unfinished, join(folder, 'state.db'))
  await syncFolder(folder)
  undo.move()
  return report
}

async function makeNewFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (cause) {
    if (errorCode(cause) !== 'EEXIST')
      throw new OperatorError(`The backup folder ${folder} cannot be made`, cause)
    throw new OperatorError(
      `${folder} exists: name a folder that does not, so that no older backup is mixed with this one`,
    )
  }
}

async function copyFiles(
  state: string,
  { copies, config, signal }: { copies: FileCopies; config: Config; signal: AbortSignal },
): Promise<BackupReport> {
  await using slots = sqliteSlotStore({ path: state, durability: 'full' })
  const context: TransitionContext = { now: systemClock(), policy: enginePolicyOf(config) }
  const report = { files: 0, bytes: 0, linked: 0, deletedMeanwhile: 0 }
  for await (const record of slots.all()) {
    signal.throwIfAborted()
    if (record.state !== 'published') continue
    const outcome = await copies.add(record.id)
    if (outcome === 'missing') {
      await forget(record, slots, context)
      report.deletedMeanwhile += 1
      continue
    }
    report.files += 1
    report.bytes += record.size
    if (outcome === 'linked') report.linked += 1
  }
  return report
}

/** Without it nobody could go on with a session that has a key. A server that never ran has none. */
async function copyMasterKey(file: string, folder: string): Promise<void> {
  try {
    await copyFile(file, join(folder, 'master.key'))
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (!isMissing) {
      throw new OperatorError(`The master key ${file} (security.master_key) cannot be read`, cause)
    }
  }
}

/** Notes in the backup's state what the server's has noted by now: the file is gone for good. */
async function forget(
  record: SlotRecord,
  slots: SlotStore,
  context: TransitionContext,
): Promise<void> {
  const { lease } = record
  await slots.replace(next(record, { type: 'file-removed', lease }, context), lease)
}
