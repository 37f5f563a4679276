import type { Fingerprint } from '../../core/slot-path.ts'

/** What one process of a server tells another. */
export interface Message {
  readonly word: string
  /** Tells the questions of one process apart; 0 where nothing is asked. */
  readonly id: number
  readonly text: string
}

/** A line between a worker and the primary process. Messages keep their order; to a dead process they are lost. */
export interface Channel {
  send(message: Message): void
  /** Calls `take` with every message, until it is disposed of. */
  listen(take: (message: Message) => void): Disposable
}

/** Reads a fingerprint that a message brought; anything else is a bug of ours. */
export function parseFingerprint(text: string): Fingerprint {
  if (!isFingerprint(text)) throw new TypeError('no fingerprint in the message')
  return text
}

function isFingerprint(text: string): text is Fingerprint {
  return /^[\w-]{43}$/u.test(text)
}
