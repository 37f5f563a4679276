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

/** Problem types of resumable uploads (draft-ietf-httpbis-resumable-upload §6 and §14.5). */
export const UPLOAD_PROBLEM = {
  mismatchingOffset: 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset',
  completed: 'https://iana.org/assignments/http-problem-types#completed-upload',
  inconsistentLength: 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length',
} as const
