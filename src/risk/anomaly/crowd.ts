import type { Instant } from '../../core/clock.ts'
import { type Histograms, type Tally, commonHistograms, count, fadeCounts } from './histograms.ts'
import { fadingSince } from './profile.ts'

/** Requests of everybody, fading, before anything can be unusual. */
const WARM_UP = 200

/** What everybody does. */
export interface Crowd {
  readonly histograms: Histograms
  /** Whether enough is known to call anything unusual. */
  isKnown(): boolean
  learn(tally: Tally, when: { readonly at: Instant; readonly halfLife: number }): void
}

export function crowd(): Crowd {
  const histograms = commonHistograms()
  let learnt = 0
  let fadedAt: Instant | undefined

  return {
    histograms,
    isKnown: () => learnt >= WARM_UP,
    learn(tally, { at, halfLife }): void {
      fadedAt ??= at
      const factor = fadingSince(fadedAt, at, halfLife)
      if (factor !== 1) {
        fadedAt = at
        learnt *= factor
        fadeCounts(histograms, factor)
      }
      count(histograms, tally)
      learnt += 1
    },
  }
}
