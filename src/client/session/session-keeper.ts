import * as HEADER from '../../wire/header-fields.ts'
import { answered } from '../answered.ts'
import { ConnectionLost } from '../connection-lost.ts'
import type { SavedState } from '../platform.ts'
import type { Transport, UploadAnswer, UploadRequest } from '../transport.ts'
import type { UploadEvent } from '../upload-event.ts'
import type { MakeProver } from './prover.ts'

/** The kinds of keys that sessions are bound to: one that the server makes, one of the client's own; or no session. */
export type SessionKind = 'hmac' | 'dpop' | 'none'

/** Whoever sends through its transport is one client to the server, whatever network it comes from. */
export interface SessionKeeper {
  /**
   * Asks for a session with each PUT or POST until there is one, proves every request from then on, and
   * answers challenges by sending again; a body with a proof that was not enough is lost instead, so that the
   * server is asked where it stands. Where the server knows no sessions, requests pass as they are; so do those that
   * others could read: over plain http to another host than this one.
   */
  readonly transport: Transport
  /**
   * What the session goes on with after a restart; contains the key. If it is kept before the first request is
   * sent, not even the loss of the first answer matters. Nothing where there is no session to be had.
   */
  saved(): Promise<SavedState | undefined>
  /** The session's name; nothing before the server told it. */
  readonly id: string | undefined
}

/** What a session is made of. */
export interface SessionNeeds {
  readonly transport: Transport
  /** Whether `saved()` may hold `CryptoKey`s, so that the key cannot be taken out of them. */
  readonly keepsKeys: boolean
  /** What an earlier keeper of the same kind saved. */
  readonly saved?: SavedState | undefined
  readonly onEvent?: ((event: UploadEvent) => void) | undefined
  /** How sessions of the kind prove themselves. */
  readonly prover: MakeProver
}

/** How often a request is sent again because the server asks for a proof. */
const MOST_CHALLENGES = 5

/** A session of this kind (HMAC-Challenge version 1, or DPoP by RFC 9449), which its first PUT or POST opens. */
export function openSession(kind: SessionKind, needs: SessionNeeds): SessionKeeper {
  const { transport, onEvent } = needs
  // Pages that did not come over TLS have no WebCrypto.
  if (kind === 'none' || !('subtle' in crypto)) return noSession(transport)
  const saved = needs.saved?.['kind'] === kind ? needs.saved : {}
  const prover = needs.prover({ ...needs, saved })
  // Null: the server knows no sessions.
  let id: string | null | undefined = typeof saved['id'] === 'string' ? saved['id'] : undefined
  let opening: Promise<void> | undefined

  const mayOpen = ({ method }: UploadRequest): boolean =>
    id === undefined && (method === 'PUT' || method === 'POST')

  async function exchanged(request: UploadRequest): Promise<UploadAnswer> {
    for (let challenges = 0; ; challenges += 1) {
      const opens = mayOpen(request)
      if (!opens && !id) return await transport(request)
      const fields = await prover.fields(request, id ?? undefined)
      const answer = await transport({ ...request, headers: { ...request.headers, ...fields } })
      const isChallenged = await prover.learn(answer)
      if (opens) opened(answer)
      if (!isChallenged || challenges === MOST_CHALLENGES) return answer
      if (request.body && isProof(fields)) {
        throw new ConnectionLost('The server asks again for a proof')
      }
      onEvent?.({ kind: 'challenged' })
    }
  }

  function opened({ status, headers }: UploadAnswer): void {
    // Who refuses opens nothing.
    if (status >= 300) return
    id = headers.get(HEADER.sessionId)
    if (id !== null) onEvent?.({ kind: 'bound', session: id })
  }

  // Two openings at a time would be two sessions.
  async function inTurn(request: UploadRequest): Promise<UploadAnswer> {
    // What others can read binds nobody, and shows them the key.
    if (!isPrivate(request.url)) return await transport(request)
    if (opening && mayOpen(request)) {
      await answered(opening, request.signal)
      return await inTurn(request)
    }
    const answer = exchanged(request)
    const over = (): void => void (opening = undefined)
    if (mayOpen(request)) opening = answer.then(over, over)
    return await answer
  }

  return {
    transport: inTurn,
    saved: async () => ({ kind, id, ...(await prover.saved()) }),
    get id() {
      return id ?? undefined
    },
  }
}

/**
 * Whoever proves a body is asked again if the proof was seen before: browsers repeat by themselves what they sent on a
 * connection that was reset. The server may have more than it had then, and should be asked before the body is sent.
 */
function isProof(fields: Readonly<Record<string, string>>): boolean {
  return HEADER.challengeResponse in fields || HEADER.dpop in fields
}

function isPrivate(url: string): boolean {
  return /^https:|^http:\/\/(?:(?:[^/]+\.)?localhost|127\.[\d.]+|\[::1\])(?::|$)/u.test(
    new URL(url).origin,
  )
}

/** Proves nothing. */
export function noSession(transport: Transport): SessionKeeper {
  return { transport, saved: async () => undefined, id: undefined }
}
