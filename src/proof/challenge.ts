import type { ProofNeeds, ProofPolicy } from './needs.ts'
import type { SignedRequest } from './signed-request.ts'
import { type Stamp, isOurStamp, stampText } from './stamp.ts'

/** Where a request comes from. */
export type From = Pick<SignedRequest, 'network' | 'address'>

const ID_BYTES = 16

/** A challenge about the session id, good for `life` milliseconds, where the policy says. */
export function challengeText(
  { keys, clock, newId, policy }: ProofNeeds,
  { sessionId, from, life }: { sessionId: string; from: From; life: number },
): string {
  const [key] = keys.challengeKeys
  const about = aboutSession(sessionId, from, policy())
  return stampText(key, about, { expiresAt: clock() + life, id: newId(ID_BYTES) })
}

/** Whether we made this challenge about that session, for where the policy says that it may be answered. */
export function isChallengeAbout(
  stamp: Stamp,
  { sessionId, from }: { sessionId: string; from: From },
  { keys, policy }: ProofNeeds,
): boolean {
  return isOurStamp(stamp, keys.challengeKeys, aboutSession(sessionId, from, policy()))
}

function aboutSession(sessionId: string, from: From, policy: ProofPolicy): string {
  return `${sessionId}\0${placeOf(from, policy)}`
}

function placeOf({ network, address }: From, policy: ProofPolicy): string {
  switch (policy.address) {
    case 'off':
      return '*'
    case 'prefix':
      return network
    case 'exact':
      return address
  }
}
