import { Refusal } from '../../core/refusals.ts'
import type { Fingerprint } from '../../core/slot-path.ts'
import type { Lease, Leases } from '../../engine/ports.ts'
import { type Channel, type Message, parseFingerprint } from './channel.ts'

/** Milliseconds after which a worker that was asked for a lease and gave no sign is passed over. */
const SILENCE = 2_000

/** How long a newcomer waits for a holder that lives: its last byte may have come. Milliseconds. */
const PATIENCE = 25_000

/** A worker's place at the broker. */
export interface Seat {
  /**
   * The worker is gone: none of its requests waits any more. Returns the leases that it held, which
   * nobody gets until they are disposed of.
   */
  leave(): readonly Lease[]
}

/** Keeps the leases of all workers, in the primary process. */
export interface LeaseBroker {
  /** Serves the worker at the other end of the channel. */
  serve(channel: Channel): Seat
}

/** What a broker is made of. */
export interface BrokerNeeds {
  /** Where the requests of all workers meet. */
  readonly leases: Leases
  /** Told when a worker did not answer and lost the lease. */
  readonly onPassedOver: (slot: Fingerprint) => void
}

/** A request of a worker that holds a lease, or waits for one. */
interface Contender {
  readonly slot: Fingerprint
  /** Ends the wait. */
  readonly leaving: AbortController
  lease?: Lease
  silence?: NodeJS.Timeout
}

/**
 * Gives the leases of a process to the requests of its workers, which give way as they would to a request
 * of their own. A worker that is silent is passed over; it may believe in its lease for a while: what
 * keeps it from doing harm is the lease token that every commit of a record compares.
 */
export function leaseBroker(needs: BrokerNeeds): LeaseBroker {
  return { serve: (channel) => seatOf(channel, needs) }
}

function seatOf(channel: Channel, needs: BrokerNeeds): Seat {
  const say = (word: string, id: number, text = ''): void => channel.send({ word, id, text })
  const contention = contentionOf(say, needs)

  async function answerWho(id: number, slot: Fingerprint): Promise<void> {
    const { leases } = needs
    const isHere = leases.isHeld(slot) && !contention.holds(slot)
    const isHeld = isHere || (await leases.isHeldElsewhere(slot).catch(() => false))
    say('holding', id, isHeld ? 'yes' : 'no')
  }

  const listening = channel.listen(({ word, id, text }: Message) => {
    switch (word) {
      case 'acquire':
        return void contention.contend(id, wishIn(text))
      case 'leave':
        return contention.giveUp(id)
      case 'back':
        return contention.takeBack(id)
      case 'heard':
        return contention.heard(id)
      case 'who':
        return void answerWho(id, parseFingerprint(text))
    }
  })

  return {
    leave() {
      listening[Symbol.dispose]()
      return contention.end()
    },
  }
}

/** A slot that a request wants, and where that comes from. */
interface Wish {
  readonly slot: Fingerprint
  readonly by: string
}

function wishIn(text: string): Wish {
  const [slot = '', by = ''] = text.split(' ')
  return { slot: parseFingerprint(slot), by }
}

/** The requests of one worker, by their numbers. */
interface Contention {
  contend(id: number, wish: Wish): Promise<void>
  /** The request waits no longer; a lease that it was given meanwhile comes back by itself. */
  giveUp(id: number): void
  takeBack(id: number): void
  /** The worker knows that somebody newer wants the lease. */
  heard(id: number): void
  holds(slot: Fingerprint): boolean
  /** Ends every wait; returns the leases that are held, as they are. */
  end(): readonly Lease[]
}

function contentionOf(
  say: (word: string, id: number, text?: string) => void,
  { leases, onPassedOver }: BrokerNeeds,
): Contention {
  const contenders = new Map<number, Contender>()

  function dismiss(id: number, word: string, text?: string): void {
    if (contenders.delete(id)) say(word, id, text)
  }

  function ask(id: number, contender: Contender, by = ''): void {
    // Of a worker that is gone the leases come back in another way.
    if (!contenders.has(id)) return
    contender.silence = setTimeout(() => {
      takeBack(id)
      onPassedOver(contender.slot)
    }, SILENCE)
    say('asked', id, by)
  }

  function takeBack(id: number): void {
    const contender = contenders.get(id)
    contenders.delete(id)
    clearTimeout(contender?.silence)
    contender?.lease?.[Symbol.dispose]()
  }

  return {
    async contend(id, { slot, by }) {
      const contender: Contender = { slot, leaving: new AbortController() }
      contenders.set(id, contender)
      const { signal: left } = contender.leaving
      const patience = leases.isHeld(slot) ? AbortSignal.timeout(PATIENCE) : undefined
      const signal = patience === undefined ? left : AbortSignal.any([left, patience])
      try {
        const release = (rival?: string): void => ask(id, contender, rival)
        const lease = await leases.acquire(slot, { release, signal, by })
        if (lease === 'superseded') return dismiss(id, 'superseded')
        contender.lease = lease
        if (contenders.has(id)) say('given', id)
        else lease[Symbol.dispose]()
      } catch (error) {
        if (left.aborted) return dismiss(id, 'left')
        const code = error instanceof Refusal ? error.code : 'internal'
        dismiss(id, 'refused', patience?.aborted === true ? 'upload-settling' : code)
      }
    },
    giveUp: (id) => contenders.get(id)?.leaving.abort(),
    takeBack,
    heard: (id) => clearTimeout(contenders.get(id)?.silence),
    holds: (slot) => [...contenders.values()].some((one) => one.slot === slot && one.lease),
    end() {
      const all = [...contenders.values()]
      contenders.clear()
      for (const { silence, leaving } of all) {
        clearTimeout(silence)
        leaving.abort()
      }
      return all.flatMap(({ lease }) => lease ?? [])
    },
  }
}
