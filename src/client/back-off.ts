import { answered } from './answered.ts'
import type { Network } from './platform.ts'
import type { TimeAndChance } from './time-and-chance.ts'
import type { UploadEvent } from './upload-event.ts'

const FIRST = 100
/** Milliseconds after which even a device without a network tries again: it may err. */
const LONGEST_REST = 10_000

/**
 * Milliseconds before the next try after so many failures in a row: none after the first, then about twice as long
 * each time, by chance more or less, so that clients that failed together do not come back together.
 */
export function backOff(failures: number, { random }: Pick<TimeAndChance, 'random'>): number {
  if (failures <= 1) return 0
  return Math.min(FIRST * 2 ** (failures - 2), LONGEST_REST) * (0.5 + random() / 2)
}

/** Whose news ends a wait, and who measures it. */
export interface Waiting {
  readonly signal: AbortSignal
  readonly network: Network
  readonly time: Pick<TimeAndChance, 'after'>
}

/** Waits, but no longer than until the network changes. Rejects with the signal's reason. */
export async function rest(
  milliseconds: number,
  { signal, network, time }: Waiting,
): Promise<void> {
  const over = new AbortController()
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = time.after(milliseconds, resolve)
  network.onChange(resolve, over.signal)
  try {
    await answered(promise, signal)
  } finally {
    stop()
    over.abort()
  }
}

/** What is told of a wait. */
type Wait = Extract<UploadEvent, { kind: 'waiting' }>

/** Whose wait it is. */
export interface Pausing extends Waiting {
  readonly time: Pick<TimeAndChance, 'after' | 'random'>
  readonly tell?: ((event: Wait) => void) | undefined
}

/**
 * Waits before the next try after so many failures in a row, no less than the `asked` milliseconds, but not once there
 * is another network; tells of it. Rejects with the signal's reason.
 */
export async function pause(failures: number, asked: number, needs: Pausing): Promise<void> {
  const { network, time, tell } = needs
  const wait = Math.max(network.isOnline() ? backOff(failures, time) : LONGEST_REST, asked)
  if (wait === 0) return
  tell?.({ kind: 'waiting', wait })
  await rest(wait, needs)
}
