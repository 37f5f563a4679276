import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, type InformationEvent, request } from 'node:http'
import type { Site } from './site.ts'
import type { SignedPut } from './slots.ts'
import { type RawRequest, type Reply, ask } from './wire-client.ts'

/** A version of the protocol; nothing for a request that names none. */
export type Interop = 3 | 4 | 5 | 6 | 7 | 8 | undefined

export const INTEROPS: readonly Interop[] = [3, 4, 5, 6, 7, 8, undefined]

/** An address that no proxy has, so that interim answers go out by themselves. */
export const PHONE = '127.0.0.2'
export const MOBILE = '127.0.0.3'

type Fields = Readonly<Record<string, string>>

/** The fields by which a version says whether an upload is complete. */
export function completeness(interop: Interop, isComplete: boolean): Fields {
  if (interop === 3) return { 'Upload-Incomplete': isComplete ? '?0' : '?1' }
  return { 'Upload-Complete': isComplete ? '?1' : '?0' }
}

/** As a client of this version writes its requests. */
export function speaking(interop: Interop, more: Fields = {}): Fields {
  return interop === undefined ? more : { 'Upload-Draft-Interop-Version': String(interop), ...more }
}

/** The creation of an upload that brings these bytes of the slot's. */
export function creation(
  put: SignedPut,
  interop: Interop,
  { bytes = put.body, isComplete = true }: { bytes?: Buffer; isComplete?: boolean } = {},
): SignedPut {
  const length: Fields = isComplete ? {} : { 'Upload-Length': String(put.body.length) }
  const fields = { ...completeness(interop, isComplete), ...length }
  return { ...put, body: bytes, headers: { ...put.headers, ...speaking(interop, fields) } }
}

/** A PATCH that brings more bytes. */
export function append(
  target: string,
  interop: Interop,
  { offset, bytes, isComplete }: { offset: number; bytes: Buffer; isComplete: boolean },
): SignedPut {
  const fields = {
    'Upload-Offset': String(offset),
    'Content-Type': 'application/partial-upload',
    ...completeness(interop, isComplete),
  }
  return { method: 'PATCH', target, body: bytes, headers: speaking(interop, fields) }
}

export function head(target: string, interop: Interop, headers: Fields = {}): RawRequest {
  return { method: 'HEAD', target, headers: speaking(interop, headers) }
}

/** Path of the URL in `Location`. */
export function located({ headers }: { headers: IncomingHttpHeaders | Reply['headers'] }): string {
  return new URL(String(headers['location'])).pathname
}

/** Creates an upload without a byte, and returns its path. */
export async function created(
  site: Pick<Site, 'port'>,
  put: SignedPut,
  interop: Interop = 8,
): Promise<string> {
  const empty = creation(put, interop, { bytes: Buffer.alloc(0), isComplete: false })
  return located(await ask(site.port, empty))
}

/** Offset of an upload, as HEAD tells it. */
export async function offsetOf(site: Pick<Site, 'port'>, target: string): Promise<number> {
  const { headers } = await ask(site.port, head(target, 8))
  return Number(headers['upload-offset'])
}

/** What a client of Node.js is told of its upload, in order. */
export interface Told {
  readonly interim: readonly IncomingHttpHeaders[]
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** Sends a request with the client of Node.js, which tells of interim answers. */
export async function informed(site: Site, asked: RawRequest): Promise<Told> {
  const { method = 'PUT', target: path, headers = {}, body = '', from = PHONE } = asked
  const interim: IncomingHttpHeaders[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Told>()
  const length = { 'Content-Length': String(Buffer.byteLength(body)) }
  const client = request({
    host: '127.0.0.1',
    port: site.port,
    localAddress: from,
    method,
    path,
    headers: { ...length, ...headers },
    agent: false,
  })
  client.on('information', (event: InformationEvent) => {
    if (event.statusCode === 104) interim.push(event.headers)
  })
  client.on('error', reject).on('response', (response) => {
    response.resume().on('end', () => {
      resolve({ interim, status: response.statusCode ?? 0, headers: response.headers })
    })
  })
  client.end(body)
  return await promise
}

/** A digest as the fields of RFC 9530 write it. */
export function digest(bytes: Buffer, algorithm: 'sha-256' | 'sha-512' = 'sha-256'): string {
  const hash = createHash(algorithm.replace('-', ''))
  return `${algorithm}=:${hash.update(bytes).digest('base64')}:`
}
