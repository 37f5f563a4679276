import type { RedisConnection } from './connection.ts'

/** What one process tells another about a contender for a lease, or about itself. */
export interface Message {
  readonly word: string
  /** The contender that it concerns, `<process>/<number>`; or a process. */
  readonly to: string
  readonly slot: string
  /** The contender or process that caused it. */
  readonly from: string
  /** Where the request of the contender that asks comes from, if that is said. */
  readonly by?: string
}

/** The process that a contender belongs to. */
export function processOf(contender: string): string {
  const [process = ''] = contender.split('/')
  return process
}

/** Messages between the processes that share a Redis. One that gets lost is nobody's end. */
export interface Inboxes {
  send(message: Message): void
  /** Has `take` called with every message to the process. */
  open(process: string, take: (message: Message) => void): Promise<void>
}

export function inboxes(
  connection: RedisConnection,
  inboxOf: (process: string) => string,
): Inboxes {
  return {
    send({ word, to, slot, from, by = '' }) {
      const text = [word, to, slot, from, by].join(' ')
      connection.command(['publish', inboxOf(processOf(to)), text]).catch(() => {})
    },
    async open(process, take) {
      await connection.subscribe(inboxOf(process), (text) => {
        const [word = '', to = '', slot = '', from = '', by = ''] = text.split(' ')
        take({ word, to, slot, from, by })
      })
    },
  }
}
