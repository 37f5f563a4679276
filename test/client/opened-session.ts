import { dpopProver } from '../../src/client/session/dpop-prover.ts'
import { hmacProver } from '../../src/client/session/hmac-prover.ts'
import {
  type SessionKeeper,
  type SessionKind,
  type SessionNeeds,
  openSession,
} from '../../src/client/session/session-keeper.ts'

/** A session whose code is there already. */
export function openedSession(
  kind: SessionKind,
  needs: Omit<SessionNeeds, 'prover'>,
): SessionKeeper {
  return openSession(kind, { ...needs, prover: kind === 'dpop' ? dpopProver : hmacProver })
}
