import * as HEADER from '../../wire/header-fields.ts'
import { type Setback, isWebPage, setbackIn } from '../outcome.ts'
import type { Transport, UploadAnswer } from '../transport.ts'
import type { Face } from '../upload-event.ts'

/** What a server speaks. */
export interface Spoken {
  readonly face: Face
  /** Most bytes of one append. */
  readonly chunk: number
}

const CHUNK = 5 * 2 ** 20

/** What everybody speaks. */
export const PLAIN: Spoken = { face: 'plain', chunk: CHUNK }

/** Asks what is spoken where a slot is: a server that cannot tell now says so. Rejects only if there is no answer. */
export type Discovery = (
  put: string,
  means: { readonly transport: Transport; readonly signal: AbortSignal },
) => Promise<Spoken | Setback>

/** Asks by OPTIONS, once for all slots of a server that answers that. */
export function discovery(): Discovery {
  const known = new Map<string, Spoken>()
  return async (put, { transport, signal }) => {
    // The last segments are the file's name and something random before it.
    const place = new URL('../', put).href
    const found = known.get(place)
    if (found !== undefined) return found
    const answer = await transport({ method: 'OPTIONS', url: put, headers: {}, signal })
    const setback = setbackIn(answer, false)
    if (setback?.kind === 'later') return setback
    const spoken = spokenBy(answer)
    // A redirection or a page may be the way of a network to have its user log in.
    if (/^[24]/u.test(String(answer.status)) && !isWebPage(answer)) known.set(place, spoken)
    return spoken
  }
}

function spokenBy({ status, headers }: UploadAnswer): Spoken {
  const resume = headers.get(HEADER.resume) ?? ''
  const limit = headers.get(HEADER.uploadLimit)
  const chunk = Number(
    headers.get(HEADER.chunkSize) ?? /max-append-size=(\d+)/u.exec(limit ?? '')?.[1] ?? CHUNK,
  )
  const isRufh = resume.includes('rufh') || limit !== null
  const isTus = headers.has(HEADER.tusResumable)
  const face = status >= 300 ? 'plain' : isRufh ? 'rufh' : isTus ? 'tus' : 'plain'
  return { face, chunk: chunk || CHUNK }
}
