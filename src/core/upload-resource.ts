import { createHmac, hash } from 'node:crypto'
import { randomId } from './random.ts'
import { Refusal } from './refusals.ts'

/** Where upload resources are, public prefix removed. */
const UPLOADS = '-/uploads/'

/** 256 random bits as base64url. */
const UPLOAD_ID = /^[\w-]{43}$/u

/** What a client needs to come back to its upload: whoever knows the id may go on with it. */
export interface UploadResource {
  /** 256 random bits, told to the client only; never logged and never stored. */
  readonly id: string
  /** SHA-256 of the id: the name under which stores know it. */
  readonly resource: string
}

/** A fresh upload resource. */
export function newUploadResource(): UploadResource {
  const id = randomId(32)
  return { id, resource: resourceOf(id) }
}

/** Path of an upload resource below the public URL, without a leading slash. */
export function uploadPath(id: string): string {
  return `${UPLOADS}${id}`
}

/** Whether the path (as received, public prefix removed) is one of upload resources. */
export function isUploadPath(rawPath: string): boolean {
  return rawPath.startsWith(UPLOADS)
}

/** An upload resource that a request names, and what it shows of whoever asks. */
export interface NamedUpload {
  /** The name under which stores know it. */
  readonly resource: string
  /** Its `Authorization`, as {@link credentialMark} would have stored it; nothing if it has none. */
  readonly credential?: string
}

/** The upload resource at a path, asked for with `authorization`. Refuses (`not-found`) where no id of ours stands. */
export function namedUpload(rawPath: string, authorization: string | undefined): NamedUpload {
  const id = isUploadPath(rawPath) ? rawPath.slice(UPLOADS.length) : ''
  if (!UPLOAD_ID.test(id)) throw new Refusal('not-found')
  const resource = resourceOf(id)
  return authorization === undefined
    ? { resource }
    : { resource, credential: credentialMark(id, authorization) }
}

/** The name under which stores know the upload with the id that a client told; nothing if it is no id of ours. */
export function resourceNamed(id: string): string | undefined {
  return UPLOAD_ID.test(id) ? resourceOf(id) : undefined
}

/**
 * What may be stored of the `Authorization` that an upload was created with: it can be compared,
 * but not be guessed by who does not know the id, which is stored nowhere.
 */
export function credentialMark(id: string, authorization: string): string {
  return createHmac('sha256', id).update(authorization).digest('base64url')
}

function resourceOf(id: string): string {
  return hash('sha256', id, 'base64url')
}
