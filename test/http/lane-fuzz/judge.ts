import { isDeepStrictEqual } from 'node:util'
import { errorCode } from '../../../src/core/error-code.ts'
import type { HeadReader, RequestHead } from '../../../src/http/fast-lane/request-head.ts'
import type { NodeReader, NodeView } from './node-reader.ts'
import type { Specimen } from './specimens.ts'

/** Reads heads as the lane does. */
export type LaneReader = Pick<HeadReader, 'read'>

/** Who is to serve a request; `undecided`: nothing was left to compare with. */
export type Verdict =
  /** The lane takes it, and `node:http` would have read the same. */
  | { readonly kind: 'taken' }
  /** The lane leaves it to `node:http`, which serves it, refuses it or waits for the rest. */
  | { readonly kind: 'left'; readonly fate: 'served' | 'refused' | 'awaited' }
  /** The lane takes what `node:http` reads otherwise. */
  | { readonly kind: 'disagreement'; readonly about: string }

/** Receives as a connection of the lane does: into memory in which something else stood before. */
const RECEIVED = Buffer.alloc(4 * 1024)

/** Bodies are sent up to this length; of longer ones only so much. */
const LONGEST_SENT = 1024

const NEXT = 'GET /next HTTP/1.1\r\nHost: next\r\n\r\n'

/**
 * Compares what the lane makes of the bytes with what `node:http` does. The rule: what the lane takes
 * means the same to `node:http`, octet for octet up to where the next request begins; all else is left.
 */
export function judge(specimen: Specimen, lane: LaneReader, node: NodeReader): Verdict {
  const { bytes } = specimen
  const count = Math.min(specimen.firstRead, RECEIVED.length)
  RECEIVED.set(bytes.subarray(0, count))
  const head = lane.read(RECEIVED, count)
  if (head === undefined) return { kind: 'left', fate: fateOf(node([bytes])) }
  if (head.bytes > count) return { kind: 'disagreement', about: 'more bytes than were received' }
  const view = node(sentBy(specimen, head))
  const about = difference(head, view)
  return about === undefined ? { kind: 'taken' } : { kind: 'disagreement', about }
}

function fateOf({ requests, error }: NodeView): 'served' | 'refused' | 'awaited' {
  if (requests.length > 0) return 'served'
  return error === undefined ? 'awaited' : 'refused'
}

/** The head as the lane saw its end, the body that it announces to the lane, and another request. */
function sentBy({ bytes, cut }: Specimen, head: RequestHead): readonly Buffer[] {
  const own = bytes.subarray(0, head.bytes)
  const body = 'b'.repeat(Math.min(head.contentLength ?? 0, LONGEST_SENT))
  const at = Math.min(cut, own.length)
  return [own.subarray(0, at), own.subarray(at), Buffer.from(body + NEXT)]
}

/** What the two do not agree about; nothing if they agree. */
function difference(head: RequestHead, { requests, error }: NodeView): string | undefined {
  const [first, next, ...others] = requests
  if (first === undefined) return `whether it is a request: ${error?.message ?? 'not yet'}`
  const { message } = first
  const isWhole = (head.contentLength ?? 0) <= LONGEST_SENT
  const behind = isWhole ? followingOf(head) : NOTHING_FOLLOWS
  const told: readonly (readonly [string, unknown, unknown])[] = [
    ['the method', head.method, message.method],
    ['the target', head.target, message.url],
    ['the version', '1.1', message.httpVersion],
    ['the fields', { ...head.headers }, { ...message.headers }],
    ['the length', head.contentLength, numberIn(message.headers['content-length'])],
    ['the expectation', head.awaitsContinue ? 'continue' : 'none', first.expectation],
    ['whether the connection is kept', !head.closes, first.isKept],
    ['whether it asks for another protocol', false, 'upgrade' in message && message.upgrade],
    ['the end of the body', isWhole, message.complete],
    ['the next request', behind.next, next?.message.url],
    ['how many requests there are', 0, others.length],
    ['whether it is in order', behind.wrong, wrong(error)],
  ]
  const differing = told.find(([, mine, its]) => !isDeepStrictEqual(mine, its))
  if (differing === undefined) return undefined
  const [about, mine, its] = differing
  return `${about}: ${JSON.stringify(mine)} or ${JSON.stringify(its)}`
}

/** What has to become of the request behind a whole one, and what is wrong with it. */
interface Following {
  readonly next: string | undefined
  readonly wrong: string | undefined
}

const NOTHING_FOLLOWS: Following = { next: undefined, wrong: undefined }

/** `node:http` has a name for what comes behind `Connection: close`, a request in order or not. */
function followingOf({ closes }: RequestHead): Following {
  if (closes) return { next: undefined, wrong: 'HPE_CLOSED_CONNECTION' }
  return { next: '/next', wrong: undefined }
}

function wrong(error: Error | undefined): string | undefined {
  return errorCode(error) ?? error?.message
}

function numberIn(length: string | undefined): number | undefined {
  return length === undefined ? undefined : Number(length)
}
