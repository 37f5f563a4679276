import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../core/refusals.ts'
import { resourceNamed } from '../core/upload-resource.ts'
import { HEADER } from '../wire/header-names.ts'

/**
 * The upload that a creation goes on with in a slot of its own (`X-Adopt-Upload`), by the name that stores
 * know; nothing for most. Refuses (`adoption-refused`) what is no upload of ours.
 */
export function adoptedUpload(headers: IncomingHttpHeaders): string | undefined {
  const id = headers[HEADER.adoptUpload]
  if (id === undefined) return undefined
  const resource = resourceNamed(String(id))
  if (resource === undefined) throw new Refusal('adoption-refused', { why: 'no such upload' })
  return resource
}
