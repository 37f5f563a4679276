import type { Grant } from '../core/grant.ts'
import type { GateRequest } from './gate-request.ts'
import { learnFrom, ownerOfSlot } from './habits.ts'
import { levelOf } from './levels.ts'
import type { GateNeeds } from './needs.ts'

/** A grant whose slot is used for the first time. */
export interface FirstUse {
  readonly request: GateRequest
  readonly grant: Grant
  readonly isBound: boolean
}

/**
 * Judges the first use of a slot by the habits of its user: it is recorded, and never refused, because a slot that was never
 * used is all that level 3 asks for.
 */
export function judgeFirstUse({ request, grant, isBound }: FirstUse, needs: GateNeeds): void {
  const whose = { owner: ownerOfSlot(grant, request, needs), size: grant.size }
  const { fingerprint: session } = grant
  const { level, sighting } = levelOf(request, { known: undefined, session, whose }, needs)
  needs.threats.used(request, { fingerprint: session })
  if (level.surprise !== undefined || level.level > 1) {
    const verdict = level.level === 3 ? 'confirmed' : 'passed'
    const { client } = request
    needs.events.decided({ session, client, isBound, ...level, verdict })
  }
  learnFrom(sighting, needs)
}
