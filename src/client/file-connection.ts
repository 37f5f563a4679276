import * as HEADER from '../wire/header-fields.ts'
import { type FileHead, type Wanted, fileIn } from './file-answer.ts'
import type { TimeAndChance } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** A request for a file, from a byte to its end. */
export interface FileRequest extends Wanted {
  readonly url: URL
  /** Milliseconds without an answer, and without a byte, after which the connection is dead. */
  readonly patience: { readonly answer: number; readonly byte: number }
  readonly signal: AbortSignal
  readonly fetch: typeof fetch
  readonly time: Pick<TimeAndChance, 'after'>
}

/** A connection over which a file comes. */
export interface FileConnection {
  readonly head: FileHead
  /** Resolves to the next bytes, at least one. Rejects when the connection is lost, or the signal fires. */
  readonly read: () => Promise<Uint8Array>
}

/**
 * Asks for a file from a byte on. A request with a `Range` is not answered with a compressed body, whose bytes would
 * have no fixed place in the file: browsers and Node.js ask for `identity` then (Fetch §4.6).
 *
 * Rejects with `UploadError`, with `FileDeferred`, or with whatever the connection was lost for.
 */
export async function connectToFile(request: FileRequest): Promise<FileConnection> {
  const { url, offset, etag, patience, fetch, time } = request
  if (offset > 0 && etag === undefined) throw untold()
  const cut = new AbortController()
  const signal = AbortSignal.any([cut.signal, request.signal])
  const condition = etag === undefined ? {} : { 'if-range': etag }
  const headers = { [HEADER.range]: `bytes=${offset}-`, ...condition }
  try {
    const response = await alive(fetch(url, { headers, signal }), patience.answer)
    const { head, start } = fileIn(response, request)
    return { head, read: reader(response, offset - start) }
  } catch (reason) {
    cut.abort(reason)
    throw reason
  }

  function reader({ body }: Response, unwanted: number): FileConnection['read'] {
    const pieces = body?.getReader()
    let left = unwanted
    return async () => {
      for (;;) {
        const piece = pieces && (await alive(pieces.read(), patience.byte))
        if (!piece || piece.done) throw new Error('The connection ended before the file did')
        const wanted = piece.value.subarray(left)
        left -= piece.value.length - wanted.length
        if (wanted.length > 0) return wanted
      }
    }
  }

  async function alive<Result>(answer: Promise<Result>, most: number): Promise<Result> {
    const stop = time.after(most, () => cut.abort(new Error('The connection is dead')))
    try {
      return await answer
    } finally {
      stop()
    }
  }
}

function untold(): UploadError {
  const message =
    'The connection was lost, and without a strong ETag nothing tells this file from another'
  return new UploadError('bad-answer', message)
}
