import type { Inboxes, Message } from './inboxes.ts'
import { mailbox, type Mailbox } from './mailbox.ts'

/** Milliseconds in which a process that lives answers. */
const ANSWER = 2_000

/** Whether other processes live. */
export interface Liveness {
  isAlive(process: string): Promise<boolean>
  /** Answers and understands the messages `ping` and `pong`. */
  take(message: Message): void
}

export function liveness(self: string, { send }: Pick<Inboxes, 'send'>): Liveness {
  const waiting = new Map<string, Mailbox>()
  // Names are never given twice: who is dead stays dead, and need not be waited for again.
  const questions = new Map<string, Promise<boolean>>()

  async function ask(process: string): Promise<boolean> {
    const box = mailbox()
    waiting.set(process, box)
    send({ word: 'ping', to: process, slot: '-', from: self })
    const answer = await box.next(ANSWER, new AbortController().signal)
    waiting.delete(process)
    if (answer === 'heard') questions.delete(process)
    return answer === 'heard'
  }

  return {
    async isAlive(process) {
      const question = questions.get(process) ?? ask(process)
      questions.set(process, question)
      return await question
    },
    take({ word, from }) {
      if (word === 'ping') send({ word: 'pong', to: from, slot: '-', from: self })
      else if (word === 'pong') waiting.get(from)?.put('heard')
    },
  }
}
