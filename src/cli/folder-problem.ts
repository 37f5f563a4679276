import { errorCode } from '../core/error-code.ts'
import { printable } from './printable-text.ts'
import { isRefusalOfTheSystem } from './system-refusal.ts'
import { TransferFailure } from './transfer-failure.ts'

const RIGHTS = 'its rights, or those of a folder above it, do not allow it'

const WHY: Readonly<Record<string, string>> = {
  EACCES: RIGHTS,
  EPERM: RIGHTS,
  EROFS: 'its file system is read-only',
  ENOSPC: 'its file system is full',
  EDQUOT: 'the space that its user may take is full',
  ENOENT: 'it is not there',
  ENOTDIR: 'it is no folder',
}

/** A folder that a command writes to. */
export interface UsedFolder {
  /** Absolute. */
  readonly path: string
  /** How to take another one: what follows a colon. */
  readonly remedy: string
}

/** The system's error in using a folder as one that says what to do (`local-problem`); any other as it is. */
export function folderProblem(reason: unknown, { path, remedy }: UsedFolder): unknown {
  if (!isRefusalOfTheSystem(reason)) return reason
  const system = errorCode(reason)
  const why = WHY[system ?? ''] ?? `the system says ${system}`
  const message = `Nothing can be kept in ${printable(path)}, for ${why}: ${remedy}`
  return new TransferFailure('local-problem', message, { system, path })
}
