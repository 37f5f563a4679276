import type { Instant } from '../core/clock.ts'
import { type Footprint, MAX_TRAIL } from './session-record.ts'

/** From one request to the next the network became another one. */
export interface Step {
  readonly from: string
  readonly to: string
  readonly at: Instant
}

/** The changes of network along the trail. */
export function stepsOf(trail: readonly Footprint[]): readonly Step[] {
  return trail.flatMap(({ network: to, at }, index) => {
    const from = trail[index - 1]?.network
    return from === undefined || from === to ? [] : [{ from, to, at }]
  })
}

/** What two processes saw, in the order of time. */
export function joinedTrails(
  one: readonly Footprint[],
  other: readonly Footprint[],
): readonly Footprint[] {
  return [...one, ...other].toSorted((a, b) => a.at - b.at)
}

/** The trail without what is too much: requests in the middle of a stay first, then the earliest. */
export function shortened(trail: readonly Footprint[]): readonly Footprint[] {
  if (trail.length <= MAX_TRAIL) return trail
  const ends = trail.filter(
    ({ network }, index) =>
      trail[index - 1]?.network !== network || trail[index + 1]?.network !== network,
  )
  return ends.slice(-MAX_TRAIL)
}
