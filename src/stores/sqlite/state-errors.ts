import { Refusal } from '../../core/refusals.ts'
import { errorCode } from '../../core/error-code.ts'

/** What SQLite or a closed connection reports; anything else is a bug of ours. */
const STATE_ERRORS = new Set(['ERR_SQLITE_ERROR', 'ERR_INVALID_STATE'])

/**
 * Makes `Refusal('state-unavailable')` of what SQLite reports: a locked, full, corrupt or
 * unreachable database. Other errors are returned as they are.
 */
export function stateError(error: unknown): unknown {
  if (!(error instanceof Error) || !STATE_ERRORS.has(errorCode(error) ?? '')) return error
  return new Refusal('state-unavailable', { why: error.message }, { cause: error })
}

/** Runs a statement; throws as {@link stateError} says. */
export function guarded<T>(statement: () => T): T {
  try {
    return statement()
  } catch (error) {
    throw stateError(error)
  }
}
