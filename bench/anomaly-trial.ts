import { ATTACKS, type AttackName } from './anomaly-attacks.ts'
import type { Contestant } from './anomaly-contestants.ts'
import { type Scale, simulate } from './anomaly-simulation.ts'

/** Requests of an attack within which it has to be found. */
const COUNTED_REQUESTS = 10

/** The highest score of each commuter's day, and of the first requests of each attack. */
export interface Trial {
  readonly days: readonly number[]
  readonly attacks: readonly { readonly attack: AttackName; readonly score: number }[]
  readonly requests: number
  /** Microseconds of each request, with what is learnt from it. */
  readonly times: readonly number[]
}

interface Episode {
  readonly attack: AttackName
  score: number
  requests: number
}

/** Lets a contestant watch a simulation. Days of somebody who was attacked no longer count. */
export function trial(contestant: Contestant, scale: Scale): Trial {
  const days = new Map<string, number>()
  const episodes = new Map<number, Episode>()
  const times: number[] = []
  for (const happening of simulate(scale)) {
    const startedAt = process.hrtime.bigint()
    const score = contestant.take(happening)
    const time = Number(process.hrtime.bigint() - startedAt) / 1000
    const { kind, day, commuter, attack } = happening
    if (kind !== 'request') continue
    times.push(time)
    if (attack !== undefined) note(episodes, { commuter, attack, score: score ?? 0 })
    else if (day >= scale.learningDays && !episodes.has(commuter)) {
      const name = `${commuter} ${day}`
      days.set(name, Math.max(days.get(name) ?? 0, score ?? 0))
    }
  }
  const all = allDays(scale, { days, episodes })
  return { days: all, attacks: [...episodes.values()], requests: times.length, times }
}

function note(
  episodes: Map<number, Episode>,
  { commuter, attack, score }: { commuter: number; attack: AttackName; score: number },
): void {
  const episode = episodes.get(commuter) ?? { attack, score: 0, requests: 0 }
  episodes.set(commuter, episode)
  episode.requests += 1
  if (episode.requests <= COUNTED_REQUESTS) episode.score = Math.max(episode.score, score)
}

/** The scores of the days; on some nobody did anything. */
function allDays(
  { commuters, watchedDays }: Scale,
  { days, episodes }: { days: ReadonlyMap<string, number>; episodes: ReadonlyMap<number, Episode> },
): number[] {
  // On average an attack comes in the middle of the second half of the watched days.
  const expected = Math.round(commuters * watchedDays - (episodes.size * watchedDays) / 4)
  const idle = Math.max(0, expected - days.size)
  return [...days.values(), ...Array.from({ length: idle }, () => 0)]
}

/** Share of the values above a threshold. */
export function shareAbove(values: readonly number[], threshold: number): number {
  return values.filter((value) => value > threshold).length / values.length
}

/** The scores of attacks of one kind, or of those that the demand is about. */
export function scoresOf(
  { attacks }: Pick<Trial, 'attacks'>,
  kind: AttackName | 'demanded',
): number[] {
  return attacks
    .filter(({ attack }) => (kind === 'demanded' ? ATTACKS[attack].isDemanded : attack === kind))
    .map(({ score }) => score)
}

/** The score that so large a share of days is above. */
export function thresholdFor({ days }: Pick<Trial, 'days'>, share: number): number {
  const sorted = days.toSorted((a, b) => b - a)
  return sorted[Math.floor(share * sorted.length)] ?? 0
}

/** Several trials as one. */
export function joinedTrials(trials: readonly Trial[]): Trial {
  return {
    days: trials.flatMap(({ days }) => days),
    attacks: trials.flatMap(({ attacks }) => attacks),
    requests: trials.reduce((total, { requests }) => total + requests, 0),
    times: trials.flatMap(({ times }) => times),
  }
}
