import { errorCode } from '../../core/error-code.ts'
import { Refusal } from '../../core/refusals.ts'

/** No room on the disk, in the quota, or in the largest file allowed. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Makes `Refusal('disk-full')` of an error that says so; other errors are returned as they are. */
export function diskError(error: unknown): unknown {
  const code = errorCode(error)
  if (code === undefined || !NO_ROOM.has(code)) return error
  return new Refusal('disk-full', { why: code }, { cause: error })
}
