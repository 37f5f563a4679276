import type { Source } from '../source.ts'
import type { UploadAnswer, UploadRequest } from '../transport.ts'

export type Fields = Readonly<Record<string, string>>

/** A protocol by which an upload goes on at the byte; the numbers are in `Upload-Offset`. */
export interface ResumableFace {
  readonly name: 'rufh' | 'tus'
  /** The creation of an upload, on the slot, without a byte of it. */
  creation(source: Source): Pick<UploadRequest, 'method'> & { readonly headers: Fields }
  /** Fields of the question where an upload stands (HEAD). */
  readonly question: Fields
  /** Fields of bytes from `offset` on (PATCH); `isLast`: up to the end of the file. */
  append(offset: number, isLast: boolean): Fields
  /** Whether an upload is published; `isFull`: it stands at its size. */
  isPublished(answer: UploadAnswer, isFull: boolean): boolean
}

/** What the media type of a file is when it has none. */
export const OCTETS = 'application/octet-stream'
