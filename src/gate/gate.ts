import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { type SlotPath, parseSlotPath } from '../core/slot-path.ts'
import type { ShownProof } from '../proof/signed-request.ts'
import type { GrantRequest } from '../grants/grant-request.ts'
import { HEADER } from '../wire/header-names.ts'
import { type Attendance, attend } from './attendance.ts'
import { judgeFirstUse } from './first-use.ts'
import { learnFailure } from './habits.ts'
import { countFailure, countOpening } from './failures.ts'
import { type GateRequest, refuseQuerySession } from './gate-request.ts'
import { admitShown, admitUnproved } from './grant-way.ts'
import type { GateNeeds } from './needs.ts'
import type { Admission, Passage } from './passage.ts'
import { passProved } from './proved-way.ts'
import { prove } from './proving.ts'
import { shownOf } from './shown.ts'
import { refuseBoundSlot, unboundJudge } from './unbound-way.ts'

export type { Attendance } from './attendance.ts'
export type { Admission } from './passage.ts'
export type { GateRequest } from './gate-request.ts'

/** What a request says of its upload, as its protocol understands it. */
export interface Claim {
  /** Length of the upload; nothing if the request does not state one, `as-granted` if it need not. */
  readonly size: number | 'as-granted' | undefined
  /** The types that the client calls it, where the protocol has other places for them than `Content-Type`. */
  readonly types?: readonly string[]
}

/**
 * One request's way in, the same for every protocol that uploads: grant, then session, proof and
 * level. What it decides stands in the fields of the answer, too, a success or not.
 */
export interface Gate {
  /**
   * Lets a request on a slot path do what `use` does. Refusals: `bad-path`, `no-credential`,
   * `grant-invalid`, `length-required` and the size's; of sessions `proof-required`,
   * `reauthentication-required`, `session-exists`, `session-foreign`, `session-unavailable`,
   * `query-session`; `banned`, `too-many-failures`, `too-many-requests`; and those of `use`.
   */
  admit<T>(
    request: GateRequest,
    claim: Claim,
    use: (admission: Admission) => Promise<T>,
  ): Promise<T>
  /** Lets a request on an upload resource do what `use` does; refuses as `admit`, but for the grant. */
  enter<T>(request: GateRequest, use: (passage: Passage) => Promise<T>): Promise<T>
  /** The session that the request proves itself with. Refusals: `proof-required`, `query-session`, `banned`, `too-many-failures`. */
  attend(request: GateRequest): Promise<Attendance>
  /** The path whose file a signed DELETE may remove. Refusals: `bad-path`, `no-credential`, `grant-invalid`. */
  admitDelete(request: GateRequest): SlotPath
}

export function gate(needs: GateNeeds): Gate {
  const { abuse, grants, userOf } = needs

  /** Refuses what is not even looked at. */
  function refuseUnheard(request: GateRequest): void {
    refuseQuerySession(request)
    abuse.refuseBanned(request.client)
  }

  return {
    async admit(request, claim, use) {
      refuseUnheard(request)
      let grant: Grant
      try {
        grant = await grants.verify(credentialIn(request, claim))
      } catch (error) {
        throw await counted(error, request, needs)
      }
      const user = userOf(grant)
      if (user !== undefined) abuse.refuseBanned(request.client, user)
      const noted = counting({ request, user }, use, needs)
      const shown = shownOf(request)
      return shown === undefined
        ? await admitUnproved({ request, grant }, noted, needs)
        : await admitShown({ request, grant, shown }, noted, needs)
    },
    async enter(request, use) {
      refuseUnheard(request)
      const proof = shownOf(request)?.proof
      if (proof === undefined || !claims(proof)) {
        return await use({
          judge: unboundJudge({ request, begins: false, hasGrant: false }, needs),
        })
      }
      const shown = await prove(request, proof, needs)
      if (shown.kind === 'proved')
        return await use(await passProved({ request, proof: shown }, needs))
      return await use({
        judge: async (slot) => await refuseBoundSlot({ request, slot, why: shown.why }, needs),
      })
    },
    async attend(request) {
      refuseUnheard(request)
      return await attend(request, shownOf(request)?.proof ?? NOTHING, needs)
    },
    admitDelete({ target }): SlotPath {
      const path = parseSlotPath(target.rawPath)
      grants.verifyDelete(path, target.query)
      return path
    },
  }
}

function claims({ sessionId, answer, dpop }: ShownProof): boolean {
  return (sessionId ?? answer ?? dpop) !== undefined
}

const NO_TYPES: readonly string[] = []

const NOTHING: ShownProof = { sessionId: undefined, answer: undefined, dpop: undefined }

/** What a request does; if it uses its slot for the first time, judged by habits and counted as a new upload of its user. */
function counting<T>(
  { request, user }: { readonly request: GateRequest; readonly user: string | undefined },
  use: (admission: Admission) => Promise<T>,
  needs: GateNeeds,
): (admission: Admission) => Promise<T> {
  return async ({ grant, passage }) => {
    const opens = async (): Promise<void> => {
      if (user !== undefined) await countOpening(request, needs, user)
      const isBound = passage.binds !== undefined
      // What proved itself was judged before.
      if (passage.session === undefined) judgeFirstUse({ request, grant, isBound }, needs)
    }
    return await use({ grant, passage: { ...passage, opens } })
  }
}

/** What of the request can show its grant. */
function credentialIn({ target, headers }: GateRequest, { size, types }: Claim): GrantRequest {
  const { rawPath, query } = target
  return {
    path: parseSlotPath(rawPath),
    query,
    authorization: headers.authorization,
    contentType: types === undefined ? headers[HEADER.contentType] : types[0],
    otherTypes: types?.slice(1) ?? NO_TYPES,
    size,
  }
}

/** The refusal of a grant; counts a wrong one. */
async function counted(error: unknown, request: GateRequest, needs: GateNeeds): Promise<unknown> {
  if (error instanceof Refusal && error.code === 'grant-invalid') {
    learnFailure(request, needs)
    await countFailure(request, needs)
  }
  return error
}
