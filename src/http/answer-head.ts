import { type OutgoingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Answer } from './exchange.ts'

/** `Content-Length` of an answer; 1xx, 204 and 304 carry none of their own (RFC 9110 §8.6). */
export function lengthOf(answer: Answer): number | undefined {
  if (answer.status === 204 || answer.status === 304) return undefined
  return answer.body === undefined ? 0 : Buffer.byteLength(answer.body)
}

/** A character that would begin another field, or another message. */
const UNSAFE = /[^\t\u0020-\u007e\u0080-\u00ff]/u

/** The fields as lines of HTTP/1.1. Throws a `TypeError` for a value that no field can have. */
export function fieldLines(headers: OutgoingHttpHeaders): string {
  let lines = ''
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    if (Array.isArray(value)) for (const item of value) lines += fieldLine(name, item)
    else lines += fieldLine(name, value)
  }
  return lines
}

function fieldLine(name: string, value: string | number): string {
  if (typeof value === 'string' && UNSAFE.test(value)) {
    throw new TypeError(`The field ${name} has a value that cannot be sent`)
  }
  return `${name}: ${value}\r\n`
}

/** The status line of HTTP/1.1. */
export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
}

let dateLine = ''
let dateSecond = -1

/** The field `Date` (RFC 9110 §6.6.1) for the instant, in milliseconds. */
export function dateField(now: number): string {
  const second = Math.floor(now / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `Date: ${new Date(now).toUTCString()}\r\n`
  }
  return dateLine
}
