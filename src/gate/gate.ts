import type { ClientAddress } from '../core/client-address.ts'
import type { Grant } from '../core/grant.ts'
import { type SlotPath, parseSlotPath } from '../core/slot-path.ts'
import type { GrantVerifier } from '../grants/verifier.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** What a request shows of itself on its way in. */
export interface Approach {
  readonly client: ClientAddress
  readonly userAgent: string | undefined
  /** Path as received, without the public prefix and its leading slash. */
  readonly rawPath: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  /** More of what the client calls the type, where the protocol has several places for it. */
  readonly otherTypes?: readonly string[]
  /** Length of the upload; nothing if the request does not state one, `as-granted` if it need not. */
  readonly size: number | 'as-granted' | undefined
}

/** One request's way in, the same for every protocol that uploads: grant, then session. */
export interface Gate {
  /** The grant that the request presents; the session of its slot takes note. Refusals: `bad-path`, `no-credential`, `grant-invalid`, `length-required` and the size's. */
  admit(approach: Approach): Promise<Grant>
  /** The path whose file a signed DELETE may remove. Refusals: `bad-path`, `no-credential`, `grant-invalid`. */
  admitDelete(approach: Pick<Approach, 'rawPath' | 'query'>): SlotPath
}

export function gate({
  grants,
  sessions,
}: {
  grants: GrantVerifier
  sessions: Pick<Sessions, 'visit'>
}): Gate {
  return {
    async admit(approach): Promise<Grant> {
      const { rawPath, client, userAgent } = approach
      const grant = await grants.verify({ ...approach, path: parseSlotPath(rawPath) })
      sessions.visit(grant.fingerprint, { client, userAgent })
      return grant
    },
    admitDelete({ rawPath, query }): SlotPath {
      const path = parseSlotPath(rawPath)
      grants.verifyDelete(path, query)
      return path
    },
  }
}
