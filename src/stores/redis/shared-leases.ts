import type { RedisConnection, Script } from './connection.ts'
import type { Keys } from './keys.ts'
import { ASK, GIVE_BACK, INSIST, RENEW } from './lease-scripts.ts'
import { processOf } from './inboxes.ts'

/** Life of a lease that is not renewed: its process is gone. Milliseconds. */
const LIFE = 15_000

/** How to ask again. */
export interface Insistence {
  /** Where the request comes from; may be empty. */
  readonly by: string
  /** A holder that kept silent; may be empty. */
  readonly silent: string
}

/** The leases as they stand in Redis, where contenders of all processes meet. */
export interface SharedLeases {
  /** Asks for the lease, telling the holder `by`; resolves to the contender that has it then. */
  ask(me: string, slot: string, by?: string): Promise<string>
  /** Asks again, taking it away from `silent`; resolves to nothing if somebody newer asked. */
  insist(me: string, slot: string, asking: Insistence): Promise<string | undefined>
  giveBack(me: string, slot: string): Promise<void>
  /** Lengthens the life of the lease; resolves to whether it is still the contender's. */
  renew(me: string, slot: string): Promise<boolean>
  /** The process whose contender has the lease. */
  holderOf(slot: string): Promise<string | undefined>
}

export function sharedLeases(connection: RedisConnection, keys: Keys): SharedLeases {
  async function run(script: Script, ...args: [me: string, slot: string, ...string[]]) {
    const [me, slot, ...more] = args
    const call = {
      script,
      keys: [keys.lease(slot)],
      args: [me, LIFE, keys.inbox(''), slot, ...more],
    }
    return await connection.run(call)
  }

  return {
    ask: async (me, slot, by = '') => String(await run(ASK, me, slot, by)),
    async insist(me, slot, { by, silent }) {
      const holder = await run(INSIST, me, slot, by, silent)
      return typeof holder === 'string' ? holder : undefined
    },
    async giveBack(me, slot) {
      await run(GIVE_BACK, me, slot)
    },
    renew: async (me, slot) => (await run(RENEW, me, slot)) === 1,
    async holderOf(slot) {
      const holder = await connection.command(['hget', keys.lease(slot), 'holder'])
      return typeof holder === 'string' ? processOf(holder) : undefined
    },
  }
}
