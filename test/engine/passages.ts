import type { Passage } from '../../src/engine/passage.ts'

/** A request of the session, which proved itself; a slot that it opens is bound to it. */
export function passageOf(session: string): Passage {
  return { session, binds: session }
}

/** A request that opens its slot bound, and before the first proof binds it anew. */
export function binding(binds: string): Passage {
  return { binds, judge: async () => 'rebind' }
}
