import type { ByteSource } from '../../core/bytes.ts'
import { Refusal } from '../../core/refusals.ts'
import type { Exchange } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { type Staging, checkedBody, parseChecksum } from './checksum.ts'
import { fieldText } from './tus-fields.ts'

/** The media type of bytes of an upload (tus 1.0, PATCH). */
const CHUNK_TYPE = 'application/offset+octet-stream'

/** Whether the request says that its body is a piece of an upload. */
export function bringsChunk({ headers }: Pick<Exchange, 'headers'>): boolean {
  return headers[HEADER.contentType]?.trim().toLowerCase() === CHUNK_TYPE
}

/**
 * The piece of an upload that a request brings; held back until its checksum is known to be right
 * where it names one. Refuses (`unsupported-type`) a body of another type, and what
 * `Upload-Checksum` must not be.
 */
export function chunkOf(exchange: Exchange, room: Staging): ByteSource {
  const { headers, body, client, contentLength: length } = exchange
  const isBare = length === undefined || length === 0
  if (!bringsChunk(exchange) && !isBare) throw new Refusal('unsupported-type')
  const checksum = parseChecksum(fieldText(headers[HEADER.uploadChecksum]))
  if (checksum === undefined) return body
  return checkedBody({ body, length, checksum, network: client.network }, room)
}
