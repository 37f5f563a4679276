import { timingSafeEqual } from 'node:crypto'
import { CLOCK_SKEW } from '../core/clock.ts'
import { macOnce } from '../core/mac.ts'
import { isChallengeAbout } from './challenge.ts'
import type { ProofNeeds } from './needs.ts'
import type { ShownProof, SignedRequest } from './signed-request.ts'
import { type Stamp, readStamp } from './stamp.ts'
import { type ProofFailure, type ProofVerdict, refused } from './verdict.ts'

/** `X-Challenge-Response`: a challenge, and the MAC that answers it. */
interface ChallengeAnswer {
  readonly challenge: string
  readonly stamp: Stamp
  readonly mac: Buffer
}

interface Presented {
  readonly sessionId: string
  readonly answer: ChallengeAnswer
  readonly request: SignedRequest
}

const KEY_BYTES = 32
const LONGEST_ANSWER = 256
const SESSION_ID = /^[\w-]{1,128}$/u

/** A challenge, and a MAC of 32 bytes in base64url or hex. Without its challenge a MAC proves nothing. */
const ANSWER = /^(?<challenge>[\w-]{50})\.(?<code>[\w-]{43}|[\dA-Fa-f]{64})$/u
const HEX_LENGTH = 64

/** Checks answers to challenges, as `Proofs.checkAnswer` says. */
export function answerCheck(
  needs: ProofNeeds,
): (shown: ShownProof, request: SignedRequest, key: Buffer | undefined) => Promise<ProofVerdict> {
  const nobodysKey = Buffer.from(needs.newId(KEY_BYTES), 'base64url')
  return async (shown, request, key) => {
    if (shown.answer === undefined) return refused('absent')
    const answer = parseAnswer(shown.answer)
    const sessionId = shown.sessionId ?? ''
    if (answer === undefined || !SESSION_ID.test(sessionId)) return refused('malformed')
    if (answer.stamp.expiresAt <= needs.clock()) return refused('expired')
    // Nobody's key is read for known sessions, too: in memory that was not read lately it is slower.
    const tried = Buffer.alloc(KEY_BYTES)
    tried.set(nobodysKey)
    tried.set(key ?? nobodysKey)
    const failure = failureOf({ sessionId, answer, request }, tried, needs)
    if (key === undefined) return refused('unknown-session')
    if (failure !== undefined) return refused(failure)
    return await redeemed(answer.stamp, needs)
  }
}

/** What the client signs: one line each, so no field may hold a line feed, which none of HTTP can. */
function signedText({ sessionId, answer, request }: Presented, authority: string): string {
  const { method, target, offset = '-', digest = '-' } = request
  const about = [sessionId, method, authority, target, answer.challenge, offset, digest]
  return ['HMAC-Challenge/1', ...about].join('\n')
}

/** Both are always computed: the time says nothing of which is wrong. */
function failureOf(presented: Presented, key: Buffer, needs: ProofNeeds): ProofFailure | undefined {
  const { answer, request, sessionId } = presented
  const text = signedText(presented, needs.publicUrl.host)
  const isRight = timingSafeEqual(answer.mac, macOnce(key, text))
  const isOurs = isChallengeAbout(answer.stamp, { sessionId, from: request }, needs)
  if (!isRight) return 'wrong'
  if (isOurs) return undefined
  return needs.policy().address === 'off' ? 'foreign' : 'address'
}

/** Comes last, so that only whoever has the key can use a challenge up. */
async function redeemed({ id, expiresAt }: Stamp, { nonces }: ProofNeeds): Promise<ProofVerdict> {
  // A server whose clock is behind takes the challenge for as much longer.
  const isFirst = await nonces.redeem(id, expiresAt + CLOCK_SKEW)
  return isFirst ? { kind: 'proved' } : refused('used')
}

function parseAnswer(text: string): ChallengeAnswer | undefined {
  if (text.length > LONGEST_ANSWER) return undefined
  const { challenge, code } = ANSWER.exec(text)?.groups ?? {}
  if (challenge === undefined || code === undefined) return undefined
  const stamp = readStamp(challenge)
  if (stamp === undefined) return undefined
  return {
    challenge,
    stamp,
    mac: Buffer.from(code, code.length === HEX_LENGTH ? 'hex' : 'base64url'),
  }
}
