import { hash } from 'node:crypto'
import { Refusal } from '../core/refusals.ts'
import type { ShownProof } from '../proof/signed-request.ts'
import { HEADER } from '../wire/header-names.ts'
import { type GateRequest, fieldOf } from './gate-request.ts'

/** A client's wish for a session with a key that the server makes. */
export interface HmacOffer {
  /** SHA-256 of the nonce that makes it repeatable; nothing if the client gave none. */
  readonly nonceHash?: string
}

/** What a request shows of a session, or wants of one. */
export interface Shown {
  readonly proof: ShownProof
  /** Nothing if it asks for no such session, or for another kind. */
  readonly offer: HmacOffer | undefined
}

/** `X-Session-Accept`: an algorithm, and 32 random bytes in base64url. */
const OFFER = /^hmac-sha256 *(?:; *(.*))?$/iu
const NONCE = /^nonce="([\w-]{43})"$/u

/**
 * What the request shows; nothing of all that, as most do not. Refuses (`bad-request`) a wish with a
 * nonce of another form.
 */
export function shownOf(request: GateRequest): Shown | undefined {
  const { headers } = request
  const sessionId = headers[HEADER.sessionId]
  const answer = headers[HEADER.challengeResponse]
  const dpop = headers[HEADER.dpop]
  const accept = headers[HEADER.sessionAccept]
  if ((sessionId ?? answer ?? dpop ?? accept) === undefined) return undefined
  const proof = {
    sessionId: fieldOf(request, HEADER.sessionId),
    answer: fieldOf(request, HEADER.challengeResponse),
    dpop: fieldOf(request, HEADER.dpop),
  }
  return { proof, offer: offerOf(fieldOf(request, HEADER.sessionAccept)) }
}

function offerOf(accept: string | undefined): HmacOffer | undefined {
  if (accept === undefined) return undefined
  const found = OFFER.exec(accept.trim())
  if (found === null) return undefined
  const [, parameters] = found
  if (parameters === undefined) return {}
  const nonce = NONCE.exec(parameters.trim())?.[1]
  if (nonce === undefined) throw new Refusal('bad-request', { why: 'nonce of X-Session-Accept' })
  return { nonceHash: hash('sha256', nonce, 'base64url') }
}
