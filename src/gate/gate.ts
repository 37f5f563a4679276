import type { Grant } from '../core/grant.ts'
import { type SlotPath, parseSlotPath } from '../core/slot-path.ts'
import type { GrantVerifier } from '../grants/verifier.ts'

/** What a request shows of itself on its way in. */
export interface Approach {
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

/** One request's way in, the same for every protocol that uploads. */
export interface Gate {
  /** The grant that the request presents. Refusals: `bad-path`, `no-credential`, `grant-invalid`, `length-required` and the size's. */
  admit(approach: Approach): Promise<Grant>
  /** The path whose file a signed DELETE may remove. Refusals: `bad-path`, `no-credential`, `grant-invalid`. */
  admitDelete(approach: Pick<Approach, 'rawPath' | 'query'>): SlotPath
}

export function gate({ grants }: { grants: GrantVerifier }): Gate {
  return {
    async admit({ rawPath, ...presented }): Promise<Grant> {
      return await grants.verify({ path: parseSlotPath(rawPath), ...presented })
    },
    admitDelete({ rawPath, query }): SlotPath {
      const path = parseSlotPath(rawPath)
      grants.verifyDelete(path, query)
      return path
    },
  }
}
