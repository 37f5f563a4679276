import { BODY } from '../app/bound-uploads.ts'
import type { Site } from '../app/site.ts'
import type { SignedPut } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'
import type { SavedState } from '../../src/client/platform.ts'
import type { SessionKeeper, SessionKind } from '../../src/client/session/session-keeper.ts'
import type { Transport, UploadAnswer, UploadRequest } from '../../src/client/transport.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { openedSession } from './opened-session.ts'

type Fields = Readonly<Record<string, string>>

/** What a phone was told of. */
export type PhoneEvent = UploadEvent['kind']

/** A client of a site in its own process, on whatever network it is. */
export interface Phone {
  readonly keeper: SessionKeeper
  /** The source address of its next requests. */
  from: string
  /** So many answers of those to come are lost. */
  lost: number
  /** Methods and statuses, in the order of the answers, since this was emptied. */
  readonly wire: string[]
  readonly events: PhoneEvent[]
}

/** What a phone begins with. */
export interface PhoneNeeds {
  readonly kind?: SessionKind
  readonly keepsKeys?: boolean
  readonly saved?: SavedState | undefined
}

/** The origin of the sites. */
export const ORIGIN = 'https://files.example'

/** What makes it theirs. */
export const PUBLIC_URL = `server.public_url=${ORIGIN}/`

export function phoneOf(site: Pick<Site, 'port'>, needs: PhoneNeeds = {}): Phone {
  const { kind = 'hmac', keepsKeys = true, saved } = needs
  const events: PhoneEvent[] = []
  const wire: string[] = []
  const transport: Transport = async (request) => {
    const answer = await transportTo(site, phone)(request)
    wire.push(`${request.method} ${answer.status}`)
    if (phone.lost === 0) return answer
    phone.lost -= 1
    throw new Error('The answer is lost')
  }
  const onEvent = ({ kind: told }: UploadEvent): void => void events.push(told)
  const keeper = openedSession(kind, { transport, keepsKeys, saved, onEvent })
  const phone: Phone = { keeper, from: '127.0.0.2', lost: 0, wire, events }
  return phone
}

/** Sends to a site, whatever the host of the URL, on a connection of its own. */
export function transportTo(
  { port }: Pick<Site, 'port'>,
  { from }: Pick<Phone, 'from'> = { from: '127.0.0.2' },
): Transport {
  return async (request) => {
    request.signal.throwIfAborted()
    const { status, headers, code } = await ask(port, { ...(await rawOf(request)), from })
    request.signal.throwIfAborted()
    request.onSent?.(request.body?.size ?? 0)
    return { status, headers: new Headers(headers), ...(code !== undefined && { problem: code }) }
  }
}

async function rawOf({ method, url, headers, body }: UploadRequest): Promise<{
  method: string
  target: string
  headers: Fields
  body?: Uint8Array
}> {
  const { pathname, search } = new URL(url)
  const bytes = new Uint8Array(await new Response(body?.stream()).arrayBuffer())
  const hasBody = method === 'PUT' || method === 'PATCH' || method === 'POST'
  return { method, target: pathname + search, headers, ...(hasBody && { body: bytes }) }
}

/** Asks through the phone's session. */
async function asked(
  { keeper }: Pick<Phone, 'keeper'>,
  request: Partial<UploadRequest> & Pick<UploadRequest, 'method' | 'url'>,
): Promise<UploadAnswer> {
  const signal = AbortSignal.timeout(10_000)
  return await keeper.transport({ headers: {}, signal, ...request })
}

const INTEROP = { 'upload-draft-interop-version': '8' }

/** Creates the upload of a slot without a byte of it. */
export async function created(
  phone: Pick<Phone, 'keeper'>,
  put: SignedPut,
  fields: Fields = {},
): Promise<UploadAnswer> {
  const length = { 'upload-complete': '?0', 'upload-length': String(put.body.length) }
  const headers = { ...put.headers, ...INTEROP, ...length, ...fields }
  return await asked(phone, { method: 'PUT', url: ORIGIN + put.target, headers })
}

/** Where an upload was created. */
export function resourceOf({ headers }: UploadAnswer): string {
  return headers.get('location') ?? ''
}

/** Sends the bytes of `content` from one place to another; the last of them end the upload. */
export async function appended(
  phone: Pick<Phone, 'keeper'>,
  url: string,
  { start = 0, end, content = BODY }: { start?: number; end?: number; content?: Buffer } = {},
): Promise<UploadAnswer> {
  const body = new Blob([Uint8Array.from(content.subarray(start, end))])
  const headers = {
    ...INTEROP,
    'content-type': 'application/partial-upload',
    'upload-offset': String(start),
    'upload-complete': end === undefined ? '?1' : '?0',
  }
  return await asked(phone, { method: 'PATCH', url, headers, body })
}

/** Asks where an upload stands. */
export async function standing(phone: Pick<Phone, 'keeper'>, url: string): Promise<UploadAnswer> {
  return await asked(phone, { method: 'HEAD', url, headers: INTEROP })
}
