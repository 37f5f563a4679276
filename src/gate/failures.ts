import { Refusal } from '../core/refusals.ts'
import { HEADER } from '../wire/header-names.ts'
import type { GateRequest } from './gate-request.ts'
import type { GateNeeds } from './needs.ts'

/**
 * Counts a credential or proof that is wrong; refuses (`too-many-failures`) whoever showed too many of them.
 * To be asked only for requests that are refused anyway: who shows a right one never waits.
 */
export async function countFailure(
  request: GateRequest,
  { abuse }: Pick<GateNeeds, 'abuse'>,
  session?: string,
): Promise<void> {
  const { network } = request.client
  const seconds = await abuse.failed(session === undefined ? { network } : { network, session })
  if (seconds !== undefined) throw patience('too-many-failures', seconds, request)
}

/** Counts a new upload of a user; refuses (`too-many-requests`) one too many. */
export async function countOpening(
  request: GateRequest,
  { abuse }: Pick<GateNeeds, 'abuse'>,
  user: string,
): Promise<void> {
  const seconds = await abuse.opening(user)
  if (seconds !== undefined) throw patience('too-many-requests', seconds, request)
}

function patience(
  code: 'too-many-failures' | 'too-many-requests',
  seconds: number,
  request: GateRequest,
): Refusal {
  request.adorn({ [HEADER.retryAfter]: String(seconds) })
  return new Refusal(code, { seconds })
}
