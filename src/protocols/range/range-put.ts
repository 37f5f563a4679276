import type { OutgoingHttpHeaders } from 'node:http'
import type { ByteSource } from '../../core/bytes.ts'
import { Refusal } from '../../core/refusals.ts'
import { encodeSlotPath, parseSlotPath } from '../../core/slot-path.ts'
import type { Engine, Progress, Published, RangeRequest } from '../../engine/engine.ts'
import type { Claim, Gate } from '../../gate/gate.ts'
import { digestFields, reprDigest } from '../../http/digest-fields.ts'
import type { Answer, Exchange, Handler } from '../../http/exchange.ts'
import { ProtocolRefusal } from '../../http/protocol-refusal.ts'
import { HEADER } from '../../wire/header-names.ts'
import { type SentRange, parseContentRange } from './content-range.ts'

/** What pieces of files are stored with. */
export interface RangeNeeds {
  readonly gate: Gate
  readonly engine: Pick<Engine, 'range' | 'sizeOf'>
  readonly publicUrl: URL
}

/**
 * PUT of a piece of a file into its slot (RFC 9110 §14.5), by the agreement that Google's
 * resumable uploads made known: 308 and `Range` tell how much is stored, a range without bytes
 * asks for it, the last byte ends in 201.
 */
export function rangePutHandler(needs: RangeNeeds): Handler {
  return async (exchange): Promise<void> => {
    const { headers, client } = exchange
    const range = parseContentRange(headers[HEADER.contentRange] ?? '')
    const piece = pieceOf(exchange, range)
    const digests = digestFields(headers)
    const request = { client, digests, ...(piece === undefined ? {} : { piece }) }
    const outcome = await needs.gate.admit(
      exchange,
      { size: await sizeOf(exchange, range, needs) },
      async (admission) => await needs.engine.range({ ...admission, ...request }).catch(dress),
    )
    if (outcome.kind === 'cut') return exchange.cut()
    exchange.reply(answerTo(outcome, needs.publicUrl))
  }
}

/** What is to be stored; nothing if the request only asks. Refuses (`bad-request`) another body than the range's. */
function pieceOf({ body, contentLength }: Exchange, range: SentRange): RangeRequest['piece'] {
  const { start, end } = range.kind === 'bytes' ? range : { start: 0, end: 0 }
  const length = end - start
  if (contentLength !== undefined && contentLength !== length) {
    throw new Refusal('bad-request', { why: 'a body of another length than Content-Range' })
  }
  // A file of no bytes has no range but this one.
  if (range.kind === 'query' && range.total !== 0) return undefined
  return { offset: start, end, body: atMost(body, length) }
}

/** The body, refused (`bad-request`) at the first byte too many; a chunked one may be shorter. */
function atMost(body: ByteSource, length: number): ByteSource {
  let room = length
  return {
    pump: async (take) =>
      await body.pump((batch) => {
        for (const piece of batch) room -= piece.length
        if (room < 0) throw new Refusal('bad-request', { why: 'more bytes than Content-Range' })
        return take(batch)
      }),
    cut: () => body.cut(),
  }
}

/** The length of the whole file, which may be what the slot is known to have. */
async function sizeOf(
  { target }: Exchange,
  { total }: SentRange,
  { engine }: RangeNeeds,
): Promise<Claim['size']> {
  return total ?? (await engine.sizeOf(parseSlotPath(target.rawPath))) ?? 'as-granted'
}

function answerTo(outcome: Progress | Published, publicUrl: URL): Answer {
  if (outcome.kind === 'progress') return { status: 308, headers: storedFields(outcome.offset) }
  const { file, digests } = outcome
  return {
    status: 201,
    headers: {
      [HEADER.contentLength]: '0',
      [HEADER.location]: `${publicUrl.href}${encodeSlotPath(file.path)}`,
      [HEADER.etag]: `"${file.id}"`,
      ...(digests === undefined ? {} : { [HEADER.reprDigest]: reprDigest(digests) }),
    },
  }
}

/** How much is stored. Never with `Location`, which would make clients follow the 308. */
function storedFields(offset: number): OutgoingHttpHeaders {
  return {
    [HEADER.cacheControl]: 'no-store',
    [HEADER.uploadOffset]: String(offset),
    ...(offset === 0 ? {} : { [HEADER.range]: `bytes=0-${offset - 1}` }),
  }
}

/** A wrong offset is told with the right one. */
function dress(error: unknown): never {
  if (!(error instanceof Refusal) || error.code !== 'offset-mismatch') throw error
  throw new ProtocolRefusal(error, { headers: storedFields(Number(error.facts['expected'])) })
}
