import type { OutgoingHttpHeaders } from 'node:http'
import { Refusal } from '../core/refusals.ts'

/** What a protocol wants its clients to read of a refusal, beside status and code. */
export interface RefusalDress {
  readonly headers?: OutgoingHttpHeaders
  /** A problem type of its own (RFC 9457 §3.1.1) instead of `about:blank`. */
  readonly type?: string
  /** Extension members of the problem document (RFC 9457 §3.2). */
  readonly members?: Readonly<Record<string, string | number>>
  /** A status that the protocol demands instead of the one of the table. */
  readonly status?: number
}

/** A refusal whose answer carries what its protocol demands; the code and the log stay the same. */
export class ProtocolRefusal extends Refusal {
  readonly dress: RefusalDress

  constructor(refusal: Refusal, dress: RefusalDress) {
    super(refusal.code, refusal.facts, { cause: refusal.cause })
    this.dress = dress
  }
}
