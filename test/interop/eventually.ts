import { setTimeout as pause } from 'node:timers/promises'

/**
 * Asks `probe` until it answers something: for outside programs that announce nothing.
 * Throws with `what` and the last failure when `signal` ends the wait (default: 30 s).
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  signal: AbortSignal = AbortSignal.timeout(30_000),
): Promise<T> {
  let cause: unknown
  while (!signal.aborted) {
    const found = await probe().catch((error: unknown) => {
      cause = error
      return undefined
    })
    if (found !== undefined) return found
    await pause(20, undefined, { signal }).catch((): void => {})
  }
  throw new Error(`Waited in vain: ${what}`, { cause: cause ?? signal.reason })
}
