import { errorCode } from '../../core/error-code.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { CHECK_LIMIT, type Check } from './check.ts'
import { CheckEnded } from './check-ended.ts'
import type { Deployment } from './deployment.ts'
import { type Finding, failed, skipped } from './finding.ts'

/** A check and what it found. */
export interface Result {
  readonly check: Check
  readonly finding: Finding
}

/**
 * Runs the checks one after the other and yields each result as it is there. A check whose need
 * failed is skipped, and so is what needs that one; a check that could not be tried stops nobody.
 * Rejects with the signal's reason.
 */
export async function* examine(
  deployment: Deployment,
  checks: readonly Check[],
  signal: AbortSignal,
): AsyncGenerator<Result> {
  /** By check, the failed one that it waits for; itself if it is the one that failed. */
  const blocked = new Map<string, string>()
  for (const check of checks) {
    signal.throwIfAborted()
    const cause = needsOf(check, deployment).find((name) => blocked.has(name))
    const root = cause === undefined ? undefined : blocked.get(cause)
    const finding =
      root === undefined
        ? await foundBy(check, deployment, signal)
        : skipped(`needs ${root}, which failed`)
    if (finding.kind === 'failed') blocked.set(check.name, check.name)
    if (root !== undefined) blocked.set(check.name, root)
    yield { check, finding }
  }
}

function needsOf({ needs, takesSlot }: Check, { slots }: Deployment): readonly string[] {
  if (takesSlot !== true || slots?.provenBy === undefined) return needs
  return [...needs, slots.provenBy]
}

async function foundBy(
  check: Check,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Finding> {
  const { limit = CHECK_LIMIT } = check
  const deadline = AbortSignal.timeout(limit)
  try {
    return await check.run(deployment, AbortSignal.any([signal, deadline]))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof CheckEnded) return error.finding
    if (deadline.aborted) return failed(`no answer within ${limit / 1000} s`)
    if (error instanceof OperatorError) return failed(error.message)
    if (isOfTheNetwork(error)) return failed(`the connection failed: ${error.message}`)
    throw error
  }
}

/** What the system, TLS or the HTTP parser says; anything else is a bug of ours. */
function isOfTheNetwork(error: unknown): error is Error {
  return error instanceof Error && (errorCode(error) !== undefined || error.name === 'TimeoutError')
}
