import type { IncomingHttpHeaders } from 'node:http'
import { HEADER } from '../../wire/header-names.ts'
import { UPLOAD_PROBLEM } from '../../wire/problem.ts'
import { integerIn } from '../../http/structured-values.ts'

/**
 * What one version of the protocol (draft-ietf-httpbis-resumable-upload) wants differently.
 * The one place that knows versions.
 */
export interface Draft {
  /** `Upload-Draft-Interop-Version`, told in every answer; absent: the request names none that we speak. */
  readonly interop?: number
  /** The field that says whether the upload is complete, and the value by which it says so. */
  readonly completeness: {
    readonly field: typeof HEADER.uploadComplete | typeof HEADER.uploadIncomplete
    readonly complete: boolean
  }
  /** Whether 104 may be sent: while the protocol is a draft, only to those who name its version. */
  readonly interim: boolean
  /** Whether HEAD and DELETE that carry fields of an upload are refused. */
  readonly refusesStrayFields: boolean
  /** Whether a PATCH must be of type `application/partial-upload`. */
  readonly partialType: boolean
  /** Status of an append after which the upload is not complete. */
  readonly appended: 201 | 204
  /** What `Upload-Limit` calls the remaining life of the upload; absent: the version has no limits. */
  readonly lifetime?: 'expires' | 'max-age'
  /** Whether an incomplete creation may leave the length to the slot: `Upload-Length` came later. */
  readonly lengthOptional: boolean
  /** Whether the final answer to a creation is located at the upload, not at the file. */
  readonly locatesUpload: boolean
  /** Problem type of an append to a complete upload, where the version has one. */
  readonly completedProblem?: string
  /** Whether the refusal of such an append says that it is not complete by this request. */
  readonly completedTold: boolean
}

const COMPLETE = { field: HEADER.uploadComplete, complete: true } as const

const EARLY = {
  completeness: COMPLETE,
  interim: true,
  refusesStrayFields: true,
  partialType: false,
  appended: 201,
  lengthOptional: true,
  locatesUpload: true,
  completedTold: false,
} as const satisfies Draft

const LATE = {
  completeness: COMPLETE,
  interim: true,
  refusesStrayFields: false,
  partialType: true,
  appended: 204,
  lifetime: 'max-age',
  lengthOptional: false,
  locatesUpload: false,
  completedTold: true,
} as const satisfies Draft

/** As it is without a version: what the standard will say. */
const FINAL: Draft = { ...LATE, interim: false }

const DRAFTS: readonly Draft[] = [
  { ...EARLY, interop: 3, completeness: { field: HEADER.uploadIncomplete, complete: false } },
  { ...EARLY, interop: 4 },
  { ...EARLY, interop: 5 },
  {
    ...EARLY,
    interop: 6,
    partialType: true,
    lifetime: 'expires',
    lengthOptional: false,
    completedProblem: UPLOAD_PROBLEM.completed,
  },
  { ...LATE, interop: 7 },
  { ...LATE, interop: 8 },
]

/** The version that a request speaks. */
export function draftOf(headers: IncomingHttpHeaders): Draft {
  const interop = integerIn(headers[HEADER.uploadInterop])
  return DRAFTS.find((draft) => draft.interop === interop) ?? FINAL
}
