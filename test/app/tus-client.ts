import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import type { Site } from './site.ts'
import { type Signing, signedPut } from './slots.ts'
import { type RawRequest, type Reply, ask } from './wire-client.ts'

/** Fields of every request of tus. */
export const TUS = { 'Tus-Resumable': '1.0.0' }

/** Fields of every request that brings bytes. */
export const CHUNK = { ...TUS, 'Content-Type': 'application/offset+octet-stream' }

/** A creation for these bytes; they are not sent with it. */
export function creation(
  path: string,
  content: string | Buffer,
  how: Signing & { readonly fields?: Readonly<Record<string, string>> } = {},
): RawRequest & { readonly headers: Readonly<Record<string, string>> } {
  const { fields, ...signing } = how
  const { target, headers, body } = signedPut(path, content, signing)
  const length = { 'Upload-Length': String(body.length) }
  return { method: 'POST', target, headers: { ...headers, ...TUS, ...length, ...fields } }
}

/** Creates an upload and returns the target of its resource. */
export async function created(site: Site, request: RawRequest): Promise<string> {
  const reply = await ask(site.port, request)
  assert.equal(reply.status, 201, reply.body.toString())
  return targetOf(reply)
}

/** The target of the upload resource that an answer names. */
export function targetOf({ headers }: Reply): string {
  return new URL(headers['location'] ?? '').pathname
}

/** A PATCH of bytes from `offset` on. */
export function patch<B extends string | Buffer>(
  target: string,
  offset: number,
  body: B,
): RawRequest & { readonly headers: Readonly<Record<string, string>>; readonly body: B } {
  return { method: 'PATCH', target, headers: { ...CHUNK, 'Upload-Offset': String(offset) }, body }
}

/** The offset that HEAD tells. */
export async function offsetOf(site: Site, target: string, from = '127.0.0.1'): Promise<number> {
  const reply = await ask(site.port, { method: 'HEAD', target, headers: TUS, from })
  assert.equal(reply.status, 200)
  return Number(reply.headers['upload-offset'])
}

/** `Upload-Checksum` of the bytes. */
export function checksum(content: string | Buffer, algorithm = 'sha1'): Record<string, string> {
  return { 'Upload-Checksum': `${algorithm} ${hash(algorithm, content, 'base64')}` }
}
