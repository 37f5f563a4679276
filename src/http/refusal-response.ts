import type { OutgoingHttpHeaders } from 'node:http'
import type { Refusal } from '../core/refusals.ts'
import { PROBLEM_TYPE, type Problem } from '../wire/problem.ts'
import type { Answer } from './exchange.ts'
import { ProtocolRefusal, type RefusalDress } from './protocol-refusal.ts'

const PLAIN: RefusalDress = {}

const WRITES = new Set(['PUT', 'POST', 'PATCH', 'DELETE'])

/**
 * Renders a refusal. Writing methods get a problem document (RFC 9457); all others an empty body,
 * because several clients save the body of a refused GET as the file.
 * A protocol's own fields and members are added. A refusal's facts stay in the log, except `allow` of `method-not-allowed`.
 */
export function refusalAnswer(refusal: Refusal, method: string): Answer {
  const dress = refusal instanceof ProtocolRefusal ? refusal.dress : PLAIN
  const { status = refusal.row.status, type = 'about:blank', members } = dress
  const headers = { ...refusalHeaders(refusal), ...dress.headers }
  if (!WRITES.has(method)) return { status, headers }
  const problem: Problem = {
    ...members,
    type,
    title: refusal.row.text,
    status,
    code: refusal.code,
  }
  headers['content-type'] = PROBLEM_TYPE
  return { status, headers, body: JSON.stringify(problem) }
}

function refusalHeaders(refusal: Refusal): OutgoingHttpHeaders {
  const { status, retryAfter } = refusal.row
  const headers: OutgoingHttpHeaders = { 'cache-control': 'no-store' }
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter)
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  const allow = refusal.facts['allow']
  if (status === 405 && allow !== undefined) headers['allow'] = String(allow)
  return headers
}
