import { Refusal } from '../../core/refusals.ts'
import type { Mailbox } from './mailbox.ts'

/** Milliseconds after which a holder that gave no sign is passed over. */
const SILENCE = 2_000

/** How long a holder that was heard of is trusted to live, in milliseconds. */
const TRUST = 5_000

/** How long a newcomer waits for a holder that lives: its last byte may have come. Milliseconds. */
const PATIENCE = 25_000

/** How to ask for one lease on behalf of one contender; each answers who has the lease then. */
export interface Asking {
  readonly me: string
  readonly ask: () => Promise<string>
  /** Asks again; with `silent`, that holder loses the lease. Nothing: somebody newer asked. */
  readonly insist: (silent: string) => Promise<string | undefined>
}

/**
 * Waits until the lease is the contender's, or somebody newer wants it. The holder is asked at once
 * and passed over if it does not answer. Refuses (`upload-settling`) when a holder that lives
 * does not give way in time. Aborting `signal` rejects with its reason while somebody else holds.
 */
export async function contend(
  { me, ask, insist }: Asking,
  { news, signal }: { news: Mailbox; signal: AbortSignal },
): Promise<'given' | 'superseded'> {
  let holder: string | undefined = await ask()
  if (holder === me) return 'given'
  const patience = AbortSignal.timeout(PATIENCE)
  const either = AbortSignal.any([signal, patience])
  try {
    while (holder !== undefined && holder !== me) {
      let answer = await news.next(SILENCE, either)
      const wasHeard = answer === 'heard'
      while (answer === 'heard') answer = await news.next(TRUST, either)
      if (answer !== 'silence') return answer
      holder = await insist(wasHeard ? '' : holder)
    }
    return holder === me ? 'given' : 'superseded'
  } catch (cause) {
    if (cause === patience.reason) throw new Refusal('upload-settling', {}, { cause })
    throw cause
  }
}
