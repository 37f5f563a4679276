/** The body of a refused PUT, POST, PATCH or DELETE: `application/problem+json` (RFC 9457). */
export interface Problem {
  /** `about:blank` unless a protocol names its own problem type. */
  readonly type: string
  readonly title: string
  readonly status: number
  /** The refusal's code: stable, meant to be compared by programs. */
  readonly code: string
}

export const PROBLEM_TYPE = 'application/problem+json'
