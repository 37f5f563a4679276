import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../core/refusals.ts'
import { resourceNamed } from '../core/upload-resource.ts'
import { HEADER } from '../wire/header-names.ts'

/**
 * The upload that a creation goes on with in a slot of its own (`X-Adopt-Upload`), by the name that stores
 * know; nothing for most. Refuses (`adoption-refused`) what is no upload of ours, and (`bad-request`) a
 * creation that `bringsBytes`: its client learns with the answer only at which offset they would belong.
 */
export function adoptedUpload({
  headers,
  bringsBytes,
}: {
  readonly headers: IncomingHttpHeaders
  readonly bringsBytes: boolean
}): string | undefined {
  const id = headers[HEADER.adoptUpload]
  if (id === undefined) return undefined
  if (bringsBytes) throw new Refusal('bad-request', { why: 'X-Adopt-Upload with a body' })
  const resource = resourceNamed(String(id))
  if (resource === undefined) throw new Refusal('adoption-refused', { why: 'no such upload' })
  return resource
}
