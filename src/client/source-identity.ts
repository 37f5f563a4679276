import { base64url } from './session/base64url.ts'
import type { Source } from './source.ts'
import { readable } from './source-slice.ts'

/** So much of a file's beginning and of its end is looked at, in bytes. */
const END = 64 * 1024

/**
 * What tells a source from others when the program starts again. Files of one name, size and date are not always the
 * same, so a `File` is told by its beginning and its end as well; where there is no WebCrypto, by nothing.
 */
export async function identityOf(source: Blob | Source): Promise<Pick<Source, 'id' | 'version'>> {
  if (!(source instanceof Blob)) return source
  if (!(source instanceof File) || !('subtle' in crypto)) return {}
  const { name, size, lastModified } = source
  const ends = new Blob([source.slice(0, END), source.slice(Math.max(size - END, 0))])
  const read = await readable(async () => await ends.arrayBuffer())
  const version = base64url(await crypto.subtle.digest('SHA-256', read))
  return { id: `${name} ${size} ${lastModified} ${version}`, version }
}
