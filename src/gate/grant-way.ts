import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import type { GateNeeds } from './needs.ts'
import { type WantedKey, openSession } from './opening-way.ts'
import type { Admission, Judge } from './passage.ts'
import { admitProved } from './proved-way.ts'
import { prove, proveFirst, refuseUnproved } from './proving.ts'
import type { Shown } from './shown.ts'
import { refuseBoundSlot, unboundJudge } from './unbound-way.ts'

/** A request whose grant is right. */
export interface Granted {
  readonly request: GateRequest
  readonly grant: Grant
}

type Use<T> = (admission: Admission) => Promise<T>

/** Lets a request in that shows nothing but its grant. The session of the slot begins in memory, if there was none. */
export function admitUnproved<T>(
  { request, grant }: Granted,
  use: Use<T>,
  needs: GateNeeds,
): Promise<T> {
  // A fresh grant is worth something with its session only.
  if (grant.refresh !== undefined) return refuseUnproved(request, 'absent', needs)
  const begins = needs.sessions.begin(grant.fingerprint, visitorOf(request))
  return use({ grant, passage: { judge: judgeOf({ request, grant }, begins, needs) } })
}

/** Lets a request in that shows more than its grant, or wants a session. */
export async function admitShown<T>(
  { request, grant, shown }: Granted & { readonly shown: Shown },
  use: Use<T>,
  needs: GateNeeds,
): Promise<T> {
  const { sessionId, answer } = shown.proof
  if ((sessionId ?? answer) !== undefined)
    return await admitNamed({ request, grant, shown }, use, needs)
  const wanted = await wantedKey({ request, shown }, needs)
  if (wanted === undefined || grant.refresh !== undefined) {
    return await admitUnproved({ request, grant }, use, needs)
  }
  const unbound = judgeOf({ request, grant }, false, needs)
  return await openSession({ request, grant, wanted, unbound }, use, needs)
}

async function admitNamed<T>(
  { request, grant, shown }: Granted & { readonly shown: Shown },
  use: Use<T>,
  needs: GateNeeds,
): Promise<T> {
  const proof = await prove(request, shown.proof, needs)
  if (proof.kind === 'proved') {
    const { refresh } = grant
    if (refresh !== undefined && refresh.session !== proof.session.key)
      throw new Refusal('session-foreign')
    return await admitProved({ request, grant, proof }, use, needs)
  }
  const { why } = proof
  // Whether the slot's session is gone is known with its record, if it has one.
  if (!(await needs.isUsed(grant.path))) return refuseUnproved(request, why, needs)
  const judge: Judge = async (slot) => await refuseBoundSlot({ request, slot, why }, needs)
  return await use({ grant, passage: { judge } })
}

/** The key of the session that the request wants; nothing if it wants none. */
async function wantedKey(
  { request, shown }: { request: GateRequest; shown: Shown },
  needs: GateNeeds,
): Promise<WantedKey | undefined> {
  const { proof, offer } = shown
  if (proof.dpop !== undefined) {
    return { key: 'dpop', jkt: await proveFirst(request, proof, needs) }
  }
  return offer === undefined ? undefined : { key: 'hmac', ...offer }
}

function judgeOf({ request, grant }: Granted, begins: boolean, needs: GateNeeds): Judge {
  const { expiresAt: grantExpiry } = grant
  return unboundJudge({ request, begins, grantExpiry, hasGrant: true }, needs)
}
