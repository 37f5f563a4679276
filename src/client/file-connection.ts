import * as HEADER from '../wire/header-fields.ts'
import { type FileHead, type Wanted, fileIn } from './file-answer.ts'
import type { TimeAndChance } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** A request for a file, from a byte to its end. */
export interface FileRequest extends Wanted {
  /** Milliseconds without a byte after which the connection is dead. */
  readonly stall: number
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

/** Milliseconds that the first answer may take besides: servers wait a moment for a file that is still being uploaded. */
const FIRST_ANSWER = 7_000

/**
 * Asks for a file from a byte on. A request with a `Range` is not answered with a compressed body, whose bytes would
 * have no fixed place in the file: browsers and Node.js ask for `identity` then (Fetch §4.6).
 *
 * Rejects with `UploadError`, with `FileDeferred`, or with whatever the connection was lost for.
 */
export async function connectToFile(request: FileRequest): Promise<FileConnection> {
  const { url, offset, etag, size, stall, fetch, time } = request
  if (offset > 0 && etag === undefined) {
    throw new UploadError('bad-answer', 'The file has no strong ETag to go on with')
  }
  const cut = new AbortController()
  const signal = AbortSignal.any([cut.signal, request.signal])
  const headers = { [HEADER.range]: `bytes=${offset}-`, ...(etag && { 'if-range': etag }) }
  try {
    const most = size === undefined ? stall + FIRST_ANSWER : stall
    const response = await alive(fetch(url, { headers, signal }), most)
    const { head, start } = fileIn(response, request)
    return { head, read: reader(response, offset - start) }
  } catch (reason) {
    cut.abort(reason)
    throw isOfPort(reason) ? blocked(url, reason) : reason
  }

  function reader({ body }: Response, unwanted: number): FileConnection['read'] {
    const pieces = body?.getReader()
    let left = unwanted
    return async () => {
      for (;;) {
        const piece = pieces && (await alive(pieces.read(), stall))
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

/** Node.js says so of ports that `fetch` never connects to (Fetch, “Port blocking”); browsers keep it to themselves. */
function isOfPort(reason: unknown): boolean {
  return reason instanceof TypeError && String(reason.cause) === 'Error: bad port'
}

function blocked(url: string, cause: unknown): UploadError {
  const { host } = new URL(url)
  return new UploadError('refused', `fetch never connects to the port of ${host}`, { cause })
}
