import type { Deployment } from './deployment.ts'
import type { Finding } from './finding.ts'

/** One thing that can be wrong with a deployment. */
export interface Check {
  readonly name: string
  /** What is tried, half a sentence. */
  readonly about: string
  /** Checks that say nothing about this one's subject while they fail. */
  readonly needs: readonly string[]
  /** Uploads a file, for which it takes a slot. */
  readonly takesSlot?: true
  /** Longest that it may take, in milliseconds; default: {@link CHECK_LIMIT}. */
  readonly limit?: number
  /** Rejects with what the network says; that is a failure, too. */
  run(deployment: Deployment, signal: AbortSignal): Promise<Finding>
}

/** Long enough for a slow line, short enough to wait for; in milliseconds. */
export const CHECK_LIMIT = 20_000
