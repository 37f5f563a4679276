import * as HEADER from '../wire/header-fields.ts'
import { OCTETS, type ResumableFace } from './faces/resumable-face.ts'
import { type Outcome, failure, offsetIn, setbackIn } from './outcome.ts'
import { type Slot, isOneOrigin } from './slot.ts'
import type { Source } from './source.ts'
import { sliceOf } from './source-slice.ts'
import type { Send, UploadAnswer } from './transport.ts'

/** What steps are taken with. Sending rejects if there is no answer. */
export interface Means {
  readonly source: Source
  readonly send: Send
}

/** The whole file in one request, as every slot takes it (XEP-0363 §7). */
export async function put(
  { put: url, headers }: Slot,
  { source, send }: Means,
  onSent: (bytes: number) => void,
): Promise<Outcome> {
  const body = await sliceOf(source, 0, source.size)
  const fields = { [HEADER.contentType]: source.type || OCTETS, ...headers }
  const answer = await send({ method: 'PUT', url, headers: fields, body, onSent })
  return setbackIn(answer, false) ?? { kind: 'published' }
}

/** What an upload is created with: a slot, and the upload resource that it takes over, if any. */
export interface Beginning {
  readonly slot: Slot
  readonly adopts?: string | undefined
}

/** A careful creation: the address of the upload is known before anything of it can be lost. */
export async function create(
  { slot, adopts }: Beginning,
  { source, send }: Means,
  face: ResumableFace,
): Promise<Outcome> {
  const { method, headers } = face.creation(source)
  const answer = await send({
    method,
    url: slot.put,
    headers: {
      ...headers,
      ...slot.headers,
      ...(adopts && { [HEADER.adoptUpload]: new URL(adopts).pathname.replace(/.*\//u, '') }),
    },
  })
  const setback = setbackIn(answer, false)
  if (setback) return setback
  const offset = offsetIn(answer, source.size) ?? 0
  if (face.isPublished(answer, offset === source.size)) return { kind: 'published' }
  const location = answer.headers.get(HEADER.location)
  // Nobody but the slot's server gets the session's proofs, and the bytes.
  if (location === null || !isOneOrigin(location, slot.put)) throw failure('bad-answer', answer)
  return { kind: 'created', resource: new URL(location, slot.put).href, offset }
}

/** The question where an upload stands. It ends whatever append is under way. */
export async function ask(
  url: string,
  { source, send }: Means,
  face: ResumableFace,
): Promise<Outcome> {
  const answer = await send({ method: 'HEAD', url, headers: face.question })
  return setbackIn(answer, true) ?? standing(answer, source, face)
}

/** Bytes of a file; the last of them are followed by nothing. */
export interface Piece {
  readonly url: string
  readonly offset: number
  readonly end: number
  readonly onSent: (bytes: number) => void
}

/** A part of the file. */
export async function append(
  { url, offset, end, onSent }: Piece,
  { source, send }: Means,
  face: ResumableFace,
): Promise<Outcome> {
  const body = await sliceOf(source, offset, end)
  const headers = face.append(offset, end === source.size)
  const answer = await send({ method: 'PATCH', url, headers, body, onSent })
  const outcome = setbackIn(answer, true) ?? standing(answer, source, face)
  const isVain = outcome.kind === 'stands' && outcome.offset <= offset
  return isVain ? { kind: 'elsewhere', answer } : outcome
}

function standing(answer: UploadAnswer, { size }: Source, face: ResumableFace): Outcome {
  const offset = offsetIn(answer, size)
  if (face.isPublished(answer, offset === size)) return { kind: 'published' }
  if (offset === undefined) throw failure('bad-answer', answer)
  return { kind: 'stands', offset }
}
