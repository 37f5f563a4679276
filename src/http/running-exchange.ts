import type { Socket } from 'node:net'
import type { Passing } from '../core/passing-set.ts'
import type { Refusal } from '../core/refusals.ts'
import type { Exchange } from './exchange.ts'

/** How far the answer is: `gone` if the client left, or was cut, before it was complete. */
export type AnswerPhase = 'none' | 'begun' | 'ended' | 'gone'

/** An exchange with what its server must know about it. */
export interface RunningExchange extends Exchange, Passing {
  /** HTTP/1.1 only: the connection, which is the exchange's own until it ends. */
  readonly socket: Socket | undefined
  readonly phase: AnswerPhase
  /** The whole request was received, read or not. */
  readonly isReceived: boolean
  /** A target that is refused before any handler sees it. */
  readonly refusedTarget: Refusal | undefined
  /**
   * The client has closed its side of an HTTP/1.1 connection: whoever sent a whole body may still wait for
   * the answer, a reader is gone.
   */
  senderGone(): void
  /** To be called once, when the response is closed; returns what to report. */
  closed(): { readonly status: number; readonly milliseconds: number }
}

/** Whether a request of this method only reads: who closes its side meanwhile is not waited with. */
export function onlyReads(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
