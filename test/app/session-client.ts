import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

type Fields = Readonly<Record<string, string>>

/** What a client with a session of its own keeps. */
export interface HeldSession {
  readonly id: string
  /** As it was told, in base64url. */
  readonly key: string
  /** For its next request. */
  readonly next: string
}

/** The field by which a client asks for a session with a key that the server makes. */
export function accepting(nonce: string = freshNonce()): Fields {
  return { 'X-Session-Accept': `hmac-sha256; nonce="${nonce}"` }
}

export function freshNonce(): string {
  return randomBytes(32).toString('base64url')
}

/** The session that an answer tells. */
export function toldSession({ headers }: Pick<Reply, 'headers'>): HeldSession {
  const [id, key, next] = ['x-session-id', 'x-session-key', 'x-next-challenge'].map(
    (name) => headers[name] ?? '',
  )
  assert.ok(id && key && next, `no session told: ${JSON.stringify(headers)}`)
  return { id, key, next }
}

/** The challenge in a refusal. */
export function challengeIn({ headers }: Pick<Reply, 'headers'>): string {
  const found = /^HMAC-Challenge challenge="([^"]+)"/u.exec(headers['www-authenticate'] ?? '')
  assert.ok(found?.[1], `no challenge: ${JSON.stringify(headers)}`)
  return found[1]
}

/** A challenge as whoever names the session is told one. */
export async function freshChallenge(
  { port }: { readonly port: number },
  { id }: Pick<HeldSession, 'id'>,
  from?: string,
): Promise<string> {
  const asked = { method: 'GET', target: '/-/session', headers: { 'X-Session-ID': id } }
  return challengeIn(await ask(port, from === undefined ? asked : { ...asked, from }))
}

/** The session with a fresh challenge for its next request. */
export async function challenged(
  site: { readonly port: number },
  session: HeldSession,
): Promise<HeldSession> {
  return { ...session, next: await freshChallenge(site, session) }
}

/** The fields by which a request proves itself with a challenge. */
export function proof(
  request: RawRequest,
  { id, key, authority = AUTHORITY }: Pick<HeldSession, 'id' | 'key'> & { authority?: string },
  challenge: string,
): Fields {
  const { method = 'PUT', target, headers = {} } = request
  const given = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const meant = given.get('x-http-method-override') ?? method
  const offset = given.get('upload-offset') ?? given.get('content-range') ?? '-'
  const digest = given.get('content-digest') ?? given.get('upload-checksum') ?? '-'
  const lines = ['HMAC-Challenge/1', id, meant, authority, target, challenge, offset, digest]
  const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(lines.join('\n'))
  return {
    'X-Session-ID': id,
    'X-Challenge-Response': `${challenge}.${mac.digest('base64url')}`,
  }
}

/** Of the public URL of {@link PUBLIC_URL}. */
const AUTHORITY = 'files.example'

/** What sites are called by the clients here. */
export const PUBLIC_URL = 'server.public_url=http://files.example/'

/** The request with a proof; by the session's next challenge unless another is given. */
export function proved<R extends RawRequest>(
  request: R,
  session: HeldSession,
  challenge: string = session.next,
): R {
  return { ...request, headers: { ...request.headers, ...proof(request, session, challenge) } }
}

/** Sends a request with a proof, and returns what the session is good for next. */
export async function askProved(
  site: { readonly port: number },
  request: RawRequest,
  session: HeldSession,
): Promise<{ readonly reply: Reply; readonly session: HeldSession }> {
  const reply = await ask(site.port, proved(request, session))
  return { reply, session: { ...session, next: reply.headers['x-next-challenge'] ?? '' } }
}

/** A client that proves what it asks, and does by itself whatever needs no user. */
export interface ProvingClient {
  /** The request with a proof for which nobody has to be asked; nothing if there is none. */
  prove<R extends RawRequest>(request: R): R | undefined
  /** Asks with a proof, and once more with what it was told that the proof needs. */
  ask(request: RawRequest): Promise<Reply>
}

/** How a kind of session proves itself. */
interface Proving<S> {
  readonly prove: <R extends RawRequest>(request: R, session: S) => R
  /** What an answer brings for the next proof; nothing if it brings none. */
  readonly told: (reply: Reply) => Partial<S> | undefined
  /** Asks for what a proof needs. */
  readonly bare: <R extends RawRequest>(request: R, session: S) => R
}

/** A client of that kind of session; each thing that it was told is good for one proof. */
export function provingClient<S>(
  { port }: { readonly port: number },
  first: S,
  { prove, told, bare }: Proving<S>,
): ProvingClient {
  let session = first
  let isFresh = true
  const learn = (reply: Reply): Reply => {
    const news = told(reply)
    isFresh = news !== undefined
    session = { ...session, ...news }
    return reply
  }
  const proofOf = <R extends RawRequest>(request: R): R | undefined => {
    if (!isFresh) return undefined
    isFresh = false
    return prove(request, session)
  }
  return {
    prove: proofOf,
    async ask(request): Promise<Reply> {
      const reply = learn(await ask(port, proofOf(request) ?? bare(request, session)))
      if (reply.headers['x-auth-required'] !== 'challenge-response') return reply
      return learn(await ask(port, proofOf(request) ?? request))
    },
  }
}

/** A client whose session has a key that the server made. */
export function hmacClient(site: { readonly port: number }, session: HeldSession): ProvingClient {
  return provingClient(site, session, {
    prove: (request, held) => proved(request, held),
    bare: (request, { id }) => having(request, { 'X-Session-ID': id }),
    told: ({ headers }) => {
      const challenge = /^HMAC-Challenge challenge="([^"]+)"/u.exec(
        headers['www-authenticate'] ?? '',
      )
      const next = headers['x-next-challenge'] ?? challenge?.[1]
      return next === undefined ? undefined : { next }
    },
  })
}
