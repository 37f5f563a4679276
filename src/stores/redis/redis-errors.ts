import { Refusal } from '../../core/refusals.ts'

/** Milliseconds after which a command is given up: a request must not hang on a silent Redis. */
const COMMAND_TIMEOUT = 2_000

/**
 * What Redis or the way to it reports, and an answer that takes longer than `milliseconds`, as
 * `Refusal('state-unavailable')`. A write that was given up may
 * have happened all the same.
 */
export async function answered<T>(answer: Promise<T>, milliseconds = COMMAND_TIMEOUT): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds)
  try {
    return await Promise.race([answer, late])
  } catch (cause) {
    throw stateUnavailable(cause)
  } finally {
    clearTimeout(timer)
  }
}

/** The refusal for what went wrong between us and Redis. */
export function stateUnavailable(cause: unknown): Refusal {
  if (cause instanceof Refusal) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Refusal('state-unavailable', { why }, { cause })
}
