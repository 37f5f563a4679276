import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { type SlotPath, parseSlotPath } from '../core/slot-path.ts'
import { HEADER } from '../wire/header-names.ts'
import { countFailure, countOpening } from './failures.ts'
import { type GateRequest, refuseQuerySession, visitorOf } from './gate-request.ts'
import type { GateNeeds } from './needs.ts'
import { openSession } from './opening-way.ts'
import type { Admission, Judge, Passage } from './passage.ts'
import { admitProved, passProved } from './proved-way.ts'
import { prove, proveFirst, refuseUnproved } from './proving.ts'
import { type Shown, shownOf } from './shown.ts'
import { refuseBoundSlot, unboundJudge } from './unbound-way.ts'

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
  /** The path whose file a signed DELETE may remove. Refusals: `bad-path`, `no-credential`, `grant-invalid`. */
  admitDelete(request: GateRequest): SlotPath
}

export function gate(needs: GateNeeds): Gate {
  const { abuse, grants, sessions, userOf } = needs
  return {
    async admit(request, claim, use) {
      refuseQuerySession(request)
      abuse.refuseBanned(request.client)
      const grant = await verified(request, claim, needs)
      const user = userOf(grant)
      if (user !== undefined) abuse.refuseBanned(request.client, user)
      const shown = shownOf(request)
      return shown === undefined
        ? await admitUnproved(request, grant, use)
        : await admitShown({ request, grant, shown }, use)
    },
    async enter(request, use) {
      refuseQuerySession(request)
      abuse.refuseBanned(request.client)
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
        judge: async (slot) => await refuseBoundSlot(request, slot, needs, shown.why),
      })
    },
    admitDelete({ target }): SlotPath {
      const path = parseSlotPath(target.rawPath)
      grants.verifyDelete(path, target.query)
      return path
    },
  }

  /** The session of the slot begins in memory, if there was none. */
  async function admitUnproved<T>(
    request: GateRequest,
    grant: Grant,
    use: (admission: Admission) => Promise<T>,
  ): Promise<T> {
    const begins = sessions.begin(grant.fingerprint, visitorOf(request))
    if (begins) await countOpening(request, needs, userOf(grant))
    return await use({ grant, passage: { judge: judgeOf(request, grant, begins) } })
  }

  function judgeOf(request: GateRequest, grant: Grant, begins: boolean): Judge {
    const { expiresAt: grantExpiry } = grant
    return unboundJudge({ request, begins, grantExpiry, hasGrant: true }, needs)
  }

  async function admitShown<T>(
    { request, grant, shown }: { request: GateRequest; grant: Grant; shown: Shown },
    use: (admission: Admission) => Promise<T>,
  ): Promise<T> {
    const { proof, offer } = shown
    if (proof.sessionId !== undefined || proof.answer !== undefined) {
      const shownProof = await prove(request, proof, needs)
      if (shownProof.kind === 'proved') {
        return await admitProved({ request, grant, proof: shownProof }, use, needs)
      }
      const { why } = shownProof
      // Whether the slot's session is gone is known with its record, if it has one.
      if (!(await needs.isUsed(grant.path))) return refuseUnproved(request, why, needs)
      const judge: Judge = async (slot) => await refuseBoundSlot(request, slot, needs, why)
      return await use({ grant, passage: { judge } })
    }
    if (proof.dpop === undefined && offer === undefined)
      return await admitUnproved(request, grant, use)
    const wanted =
      proof.dpop === undefined
        ? ({ key: 'hmac', ...offer } as const)
        : ({ key: 'dpop', jkt: await proveFirst(request, proof, needs) } as const)
    await countOpening(request, needs, userOf(grant))
    const unbound = judgeOf(request, grant, false)
    return await openSession({ request, grant, wanted, unbound }, use, needs)
  }
}

function claims({ sessionId, answer, dpop }: Shown['proof']): boolean {
  return (sessionId ?? answer ?? dpop) !== undefined
}

const NO_TYPES: readonly string[] = []

/** The grant that the request shows; counts a wrong one. */
async function verified(
  request: GateRequest,
  { size, types }: Claim,
  needs: GateNeeds,
): Promise<Grant> {
  const { target, headers } = request
  const { rawPath, query } = target
  const shown = {
    path: parseSlotPath(rawPath),
    query,
    authorization: headers.authorization,
    contentType: types === undefined ? headers[HEADER.contentType] : types[0],
    otherTypes: types?.slice(1) ?? NO_TYPES,
    size,
  }
  try {
    return await needs.grants.verify(shown)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'grant-invalid')
      await countFailure(request, needs)
    throw error
  }
}
