import type { Clock, Instant } from '../core/clock.ts'

/** Tells the present time in ISO 8601, UTC; the text of a millisecond is made once. */
export function timeText(clock: Clock): () => string {
  let at: Instant = Number.NaN
  let text = ''
  return () => {
    const now = clock()
    if (now !== at) {
      text = new Date(now).toISOString()
      at = now
    }
    return text
  }
}
