import { Refusal } from '../core/refusals.ts'
import { fingerprintOf, parseSlotPath } from '../core/slot-path.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { Exchange } from './event-words.ts'

/** Parameters that carry a credential; that of a session is never accepted. */
const CREDENTIALS = ['v', 'v2', 'v3', 'token', 'session_id'] as const

const CAPABILITY = /^-\/put\/[^/]+\//u

/** Whether the request shows a credential, so that its refusal is an operator's business and not noise. */
export function isSigned({ headers, target }: Exchange): boolean {
  if (headers.authorization !== undefined || CAPABILITY.test(target.rawPath)) return true
  return CREDENTIALS.some((name) => target.query.has(name))
}

/** The slot a request is about, or nothing if its path can't be one. */
export function slotOf({ target }: Exchange): Fingerprint | undefined {
  try {
    return fingerprintOf(parseSlotPath(target.rawPath.replace(CAPABILITY, '')))
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
