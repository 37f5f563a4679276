import type { OutgoingHttpHeaders } from 'node:http'
import { type ByteRange, HEADROOM } from '../../core/bytes.ts'
import { randomId } from '../../core/random.ts'
import { Refusal, REFUSALS } from '../../core/refusals.ts'
import type { Engine, PublishedFile } from '../../engine/engine.ts'
import type { TakePiece } from '../../engine/ports.ts'
import type { Exchange } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { chooseRange, contentRange } from './byte-ranges.ts'
import type { FileHead } from './file-head.ts'
import { multipartRanges } from './multipart-ranges.ts'
import { evaluateConditions, rangeApplies } from './preconditions.ts'

/** A file and the head of its answers. */
export interface Found {
  readonly file: PublishedFile
  readonly head: FileHead
}

type ReadFile = Pick<Engine, 'read'>

/** An answer whose body is one range of the file. */
interface RangeAnswer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly range: ByteRange
}

/** An answer up to this length leaves in one piece: there is nothing to stop, and a signal has its price. */
const ONE_PIECE = 256 * 1024

/**
 * Answers a GET or HEAD with the file as the request's conditions and ranges want it: 200, 206,
 * 304 or 416. Refusal: `precondition-failed`. Nothing here is async but the sending itself: most
 * files are small, and each promise on their way is a good part of what they cost.
 */
export function answerWithFile(
  exchange: Exchange,
  found: Found,
  engine: ReadFile,
): void | Promise<void> {
  const verdict = evaluateConditions(exchange.headers, found.head)
  if (verdict === 'failed') throw new Refusal('precondition-failed')
  if (verdict === 'proceed') return sendFile(exchange, found, engine)
  return exchange.reply({ status: 304, headers: found.head.caching })
}

function sendFile(exchange: Exchange, found: Found, engine: ReadFile): void | Promise<void> {
  const { file, head } = found
  if (exchange.method === 'HEAD' || file.size === 0) {
    return exchange.reply({ status: 200, headers: head.whole })
  }
  const choice = rangesWanted(exchange, found)
  if (choice.kind === 'unsatisfiable') return replyUnsatisfiable(exchange, file)
  if (choice.kind === 'whole') {
    const range = { start: 0, end: file.size }
    return sendRange(exchange, { engine, file }, { status: 200, headers: head.whole, range })
  }
  if (choice.parts.length > 1) return sendParts(exchange, { engine, ...found }, choice.parts)
  return sendRange(exchange, { engine, file }, partialAnswer(found, choice.parts[0]))
}

/** RFC 9110 §14.2: only GET has ranges, and they are looked at after the conditions. */
function rangesWanted(
  { headers }: Exchange,
  { file, head }: Found,
): ReturnType<typeof chooseRange> {
  const { range } = headers
  if (range === undefined || !rangeApplies(headers, head)) return { kind: 'whole' }
  return chooseRange(range, file.size)
}

function replyUnsatisfiable(exchange: Exchange, file: PublishedFile): void {
  const { status } = REFUSALS['range-not-satisfiable']
  const headers = {
    [HEADER.contentRange]: `bytes */${file.size}`,
    [HEADER.cacheControl]: 'no-store',
  }
  exchange.reply({ status, headers })
}

function partialAnswer({ file, head }: Found, range: ByteRange): RangeAnswer {
  const headers = {
    ...head.whole,
    [HEADER.contentLength]: range.end - range.start,
    [HEADER.contentRange]: contentRange(range, file.size),
  }
  return { status: 206, headers, range }
}

function sendRange(
  exchange: Exchange,
  source: { engine: ReadFile; file: PublishedFile },
  answer: RangeAnswer,
): Promise<void> {
  const { range } = answer
  let begun = false
  const take: TakePiece = (piece, last) => {
    // Not before there is a byte: a file removed meanwhile must still become a proper refusal.
    if (!begun) exchange.begin(answer.status, answer.headers)
    begun = true
    return exchange.write(piece, last, HEADROOM)
  }
  const isLong = range.end - range.start > ONE_PIECE
  const request = isLong ? { range, take, signal: exchange.signal } : { range, take }
  return source.engine.read(source.file, request)
}

async function sendParts(
  exchange: Exchange,
  { engine, file, head }: Found & { engine: ReadFile },
  ranges: readonly ByteRange[],
): Promise<void> {
  const body = multipartRanges(ranges, {
    size: file.size,
    contentType: head.contentType,
    boundary: randomId(18),
  })
  exchange.begin(206, {
    ...head.whole,
    [HEADER.contentType]: body.contentType,
    [HEADER.contentLength]: body.length,
  })
  for (const { opening, range } of body.parts) {
    await exchange.write(opening, false)
    await engine.read(file, {
      range,
      signal: exchange.signal,
      take: (piece) => exchange.write(piece, false),
    })
  }
  await exchange.write(body.closing, true)
}
