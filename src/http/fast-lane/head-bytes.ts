import type { OutgoingHttpHeaders } from 'node:http'
import { dateField, fieldLines, statusLine } from '../answer-head.ts'
import { CROSS_ORIGIN } from '../cross-origin.ts'

interface Known {
  readonly status: number
  readonly lasting: Buffer
}

/** Heads of files: a popular file's is sent again and again. */
const known = new WeakMap<OutgoingHttpHeaders, Known>()

/**
 * Status line and fields of an answer; made once per object of fields, which must not be changed. Throws a
 * `TypeError` for a value that no field can have.
 */
export function lastingBytes(status: number, headers: OutgoingHttpHeaders): Buffer {
  const found = known.get(headers)
  if (found?.status === status) return found.lasting
  const text = statusLine(status) + fieldLines({ ...CROSS_ORIGIN, ...headers })
  const lasting = Buffer.from(text, 'latin1')
  known.set(headers, { status, lasting })
  return lasting
}

const last = { date: '', connection: '', bytes: Buffer.alloc(0) }

/** The end of a head that is sent at `now`: `Date`, the line about the connection, the empty line. */
export function endingBytes(now: number, connection: string): Buffer {
  const date = dateField(now)
  if (date !== last.date || connection !== last.connection) {
    last.bytes = Buffer.from(`${date}${connection}\r\n`, 'latin1')
    last.date = date
    last.connection = connection
  }
  return last.bytes
}

/** Puts both parts of a head in front of the piece, in the memory that the piece is in. */
export function joined(lasting: Buffer, ending: Buffer, piece: Uint8Array): Buffer {
  const length = lasting.length + ending.length
  const bytes = Buffer.from(piece.buffer, piece.byteOffset - length, length + piece.length)
  bytes.set(lasting)
  bytes.set(ending, lasting.length)
  return bytes
}
