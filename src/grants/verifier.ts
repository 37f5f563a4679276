import type { Clock } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { SlotPath } from '../core/slot-path.ts'
import { bearer } from './bearer.ts'
import { type GrantRequest, sized } from './grant-request.ts'
import { jwt } from './jwt.ts'
import { type RefreshKeys, presentsRefresh, verifyRefresh } from './refresh-grant.ts'
import { type GrantScheme, invalid } from './scheme.ts'
import { type GrantSecrets, acceptedAt, assertStrong } from './secret.ts'
import { token, verifyDeleteToken } from './token.ts'
import { v1 } from './v1.ts'
import { v2 } from './v2.ts'
import { v3 } from './v3.ts'

/** The strongest first: of several credentials in a request this order picks the one that decides. */
const PRECEDENCE: readonly GrantScheme[] = [jwt, bearer, v3, v2, token, v1]

/** Turns requests into grants. */
export interface GrantVerifier {
  /**
   * The grant that the request shows. Its `expiresAt` is not judged here.
   *
   * One scheme decides, the first configured one that the request shows; there is no second
   * try with another. Refusals: `no-credential` (401), `length-required` (411),
   * `grant-invalid` (403), `file-too-large` (413) and `size-mismatch` (400) where a signed size
   * can be compared, `grant-expired` if the file itself would be, `bad-request` for a length
   * that no upload has.
   */
  verify(request: GrantRequest): Promise<Grant>
  /** Lets Metronome's signed DELETE pass. Refusals: `no-credential`, `grant-invalid`. */
  verifyDelete(path: SlotPath, query: URLSearchParams): void
}

/**
 * A verifier of the schemes that have secrets, and of fresh grants where there are `refreshKeys`. Throws a
 * `RangeError` for a secret shorter than 16 bytes.
 */
export function grantVerifier(
  secrets: GrantSecrets,
  clock: Clock,
  refreshKeys?: RefreshKeys,
): GrantVerifier {
  assertStrong(secrets)
  return {
    async verify(request) {
      if (refreshKeys !== undefined && presentsRefresh(request)) {
        return verifyRefresh(request, refreshKeys, clock())
      }
      const scheme = decidingScheme(secrets, request)
      const now = clock()
      const accepted = acceptedAt(now, secrets[scheme.name] ?? [])
      const asked = sized(request, () => scheme.grantedSize?.(request))
      const grant = scheme.verify(asked, { secrets: accepted, now })
      // Most schemes know at once.
      return grant instanceof Promise ? await grant : grant
    },
    verifyDelete(path, query) {
      const now = clock()
      const keys = acceptedAt(now, secrets.token ?? [])
      const inside = acceptedAt(now, secrets.tokenDelete ?? [])
      verifyDeleteToken(path, query, { keys, inside })
    },
  }
}

function decidingScheme(secrets: GrantSecrets, request: GrantRequest): GrantScheme {
  let configured: GrantScheme | undefined
  let unknown: GrantScheme | undefined
  // All are asked, whichever decides: a parameter that stands there twice is refused.
  for (const scheme of PRECEDENCE) {
    if (!scheme.presents(request)) continue
    if ((secrets[scheme.name] ?? []).length > 0) configured ??= scheme
    else unknown ??= scheme
  }
  if (configured !== undefined) return configured
  if (unknown === undefined) throw new Refusal('no-credential')
  throw invalid(unknown.name, { why: 'the scheme has no secret' })
}
