import { REFUSALS, Refusal, type RefusalCode } from '../../core/refusals.ts'
import type { Fingerprint } from '../../core/slot-path.ts'
import type { Lease, LeaseRequest, Leases } from '../../engine/ports.ts'
import type { Channel, Message } from './channel.ts'

/** A request of this worker that holds a lease, or waits for one. */
interface Contender {
  readonly release: LeaseRequest['release']
  readonly answer: (message: Message) => void
}

/**
 * The leases of a worker, which the primary process keeps for all of them (`leaseBroker`). The worker
 * keeps nothing but whom to tell: order, supersession and fights are decided in one place.
 */
export function workerLeases(channel: Channel): Leases {
  const contenders = new Map<number, Contender>()
  const questions = new Map<number, (isHeld: boolean) => void>()
  /** Number of the request that holds a slot. */
  const held = new Map<Fingerprint, number>()
  let last = 0

  channel.listen((message) => {
    const { word, id, text } = message
    switch (word) {
      case 'asked':
        // Said also of a lease whose return crosses this question.
        channel.send({ word: 'heard', id, text: '' })
        return contenders.get(id)?.release(text)
      case 'given':
      case 'superseded':
      case 'left':
      case 'refused':
        return contenders.get(id)?.answer(message)
      case 'holding':
        questions.get(id)?.(text === 'yes')
        questions.delete(id)
    }
  })

  function leaseOf(slot: Fingerprint, id: number): Lease {
    held.set(slot, id)
    return {
      slot,
      [Symbol.dispose]: () => {
        if (!contenders.delete(id)) return
        if (held.get(slot) === id) held.delete(slot)
        channel.send({ word: 'back', id, text: '' })
      },
    }
  }

  return {
    async acquire(slot, { release, signal, by = '' }) {
      signal.throwIfAborted()
      const id = (last += 1)
      const { promise, resolve } = Promise.withResolvers<Message>()
      contenders.set(id, { release, answer: resolve })
      channel.send({ word: 'acquire', id, text: `${slot} ${by}` })
      // The lease may be on its way already: the answer says what became of it.
      const leave = (): void => channel.send({ word: 'leave', id, text: '' })
      signal.addEventListener('abort', leave, { once: true })
      const { word, text } = await promise
      signal.removeEventListener('abort', leave)
      if (word === 'given') return leaseOf(slot, id)
      contenders.delete(id)
      if (word === 'superseded') return word
      if (word === 'left') signal.throwIfAborted()
      throw new Refusal(refusalCode(text))
    },
    isHeld: (slot) => held.has(slot),
    async isHeldElsewhere(slot) {
      const id = (last += 1)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      questions.set(id, resolve)
      channel.send({ word: 'who', id, text: slot })
      return await promise
    },
  }
}

function refusalCode(text: string): RefusalCode {
  return isRefusalCode(text) ? text : 'internal'
}

function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(REFUSALS, text)
}
