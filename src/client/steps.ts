import * as HEADER from '../wire/header-fields.ts'
import type { AppendSizes } from './append-sizes.ts'
import type { Course, Task } from './course.ts'
import { OCTETS, type ResumableFace } from './faces/resumable-face.ts'
import { type Outcome, failure, isWebPage, offsetIn, setbackIn } from './outcome.ts'
import { type Slot, isOneOrigin } from './slot.ts'
import type { Source } from './source.ts'
import { sliceOf } from './source-slice.ts'
import type { UploadAnswer, UploadRequest } from './transport.ts'
import { UploadError } from './upload-error.ts'

/**
 * The whole file in one request, as every slot takes it (XEP-0363 §7). Success is 201 there, but some servers answer
 * otherwise; the login page of a network is taken for success only if the file is where others will fetch it.
 */
export async function put({ put: url, get, headers }: Slot, task: Task): Promise<Outcome> {
  const { size, type } = task.source
  const fields = { [HEADER.contentType]: type || OCTETS, ...headers }
  const whole = { method: 'PUT', url, headers: fields, offset: 0, end: size } as const
  const answer = await sent(whole, task)
  if (isWebPage(answer) && !(await isThere(get, task))) throw failure('bad-answer', answer)
  return setbackIn(answer, false) ?? { kind: 'published' }
}

/** Whether a file of this size is where the slot's file will be. */
export async function isThere(url: string, { transport, signal, source }: Task): Promise<boolean> {
  try {
    const { status, headers } = await transport({ method: 'HEAD', url, headers: {}, signal })
    return status === 200 && headers.get(HEADER.contentLength) === String(source.size)
  } catch {
    signal.throwIfAborted()
    // A page may not be allowed to ask there.
    return false
  }
}

/**
 * A careful creation: the address of the upload is known before anything of it can be lost. If the course says so, it
 * takes over another upload resource.
 */
export async function create(
  { slot, adopts }: Course,
  { source, transport, signal }: Task,
  face: ResumableFace,
): Promise<Outcome> {
  const { method, headers } = face.creation(source)
  const answer = await transport({
    method,
    signal,
    url: slot.put,
    headers: {
      ...headers,
      ...slot.headers,
      ...(adopts && { [HEADER.adoptUpload]: adopts.replace(/.*\//u, '') }),
    },
  })
  const setback = setbackIn(answer, false)
  if (setback) return setback
  const offset = offsetIn(answer, source.size) ?? 0
  if (face.isPublished(answer, offset === source.size)) return { kind: 'published' }
  const location = answer.headers.get(HEADER.location)
  // Nobody but the slot's server gets the session's proofs, and the bytes.
  if (location === null || !isOneOrigin(location, slot.put)) {
    throw new UploadError('bad-answer', `Location is not at the slot’s origin: ${location}`, answer)
  }
  return { kind: 'created', resource: new URL(location, slot.put).href, offset }
}

/** The question where an upload stands. It ends whatever append is under way. */
export async function ask(
  url: string,
  { source, transport, signal }: Task,
  face: ResumableFace,
): Promise<Outcome> {
  const answer = await transport({ method: 'HEAD', url, headers: face.question, signal })
  return standing(answer, source, face)
}

/** An upload that stands somewhere. */
export interface Standing {
  readonly url: string
  readonly offset: number
  readonly sizes: AppendSizes
}

/** A part of the file, from where the upload stands. */
export async function append(
  { url, offset, sizes }: Standing,
  task: Task,
  face: ResumableFace,
): Promise<Outcome> {
  const { source, time } = task
  const end = Math.min(offset + sizes.next(), source.size)
  const headers = face.append(offset, end === source.size)
  const begunAt = time.now()
  const answer = await sent({ method: 'PATCH', url, headers, offset, end }, task)
  const outcome = standing(answer, source, face)
  if (outcome.kind !== 'stands') return outcome
  if (outcome.offset <= offset) return { kind: 'elsewhere', answer }
  sizes.took(outcome.offset - offset, time.now() - begunAt)
  return outcome
}

/** Bytes of a file, up to `end`. */
interface Piece extends Pick<UploadRequest, 'method' | 'url' | 'headers'> {
  readonly offset: number
  readonly end: number
}

async function sent(
  { offset, end, ...request }: Piece,
  { source, transport, signal, tell }: Task,
): Promise<UploadAnswer> {
  tell({ kind: 'sending', offset, end })
  const body = await sliceOf(source, offset, end)
  const onSent = (bytes: number): void => tell({ kind: 'sent', offset: offset + bytes })
  return await transport({ ...request, body, signal, onSent })
}

function standing(answer: UploadAnswer, { size }: Source, face: ResumableFace): Outcome {
  const setback = setbackIn(answer, true)
  if (setback) return setback
  const offset = offsetIn(answer, size)
  if (face.isPublished(answer, offset === size)) return { kind: 'published' }
  if (isWebPage(answer) && offset === undefined) return { kind: 'later', answer }
  if (offset === undefined) throw failure('bad-answer', answer)
  return { kind: 'stands', offset }
}
