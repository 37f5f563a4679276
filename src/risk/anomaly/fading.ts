import type { Instant } from '../../core/clock.ts'

/** An amount that fades: what was added a time constant ago counts for 1/e. */
export interface Fading {
  value: number
  at: Instant
}

/** What is left of the amount; a clock that was set back lets nothing grow. */
export function leftOf({ value, at }: Fading, now: Instant, constant: number): number {
  return value === 0 ? 0 : value * Math.exp(-Math.max(0, now - at) / constant)
}

/** Adds to what is left. */
export function addTo(
  fading: Fading,
  amount: number,
  when: { now: Instant; constant: number },
): void {
  fading.value = leftOf(fading, when.now, when.constant) + amount
  fading.at = Math.max(fading.at, when.now)
}
