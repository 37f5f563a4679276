import type { Sighting } from '../src/risk/anomaly/detector.ts'
import { ATTACKS, type AttackName } from './anomaly-attacks.ts'
import { type Commuter, DAY, dayOf, someCommuter } from './anomaly-commuters.ts'
import { seededRandom } from './statistics.ts'

/** What happens at one moment. */
export interface Happening {
  readonly at: number
  readonly kind: 'request' | 'failure' | 'opened' | 'ended'
  readonly sighting: Sighting
  readonly commuter: number
  readonly day: number
  /** Nothing for what commuters do themselves. */
  readonly attack?: AttackName
}

/** How large the simulation is. */
export interface Scale {
  readonly commuters: number
  /** Days before anything counts. */
  readonly learningDays: number
  /** Days that are watched; everybody is attacked on the last of them. */
  readonly watchedDays: number
  readonly seed: number
}

/** Begins on a Monday. */
const EPOCH = Date.UTC(2026, 0, 5)

/** Everything that happens, in the order of time: the same for the same seed. */
export function simulate({ commuters, learningDays, watchedDays, seed }: Scale): Happening[] {
  const random = seededRandom(seed)
  const all: Happening[] = []
  const people = Array.from({ length: commuters }, (_, number) => someCommuter(number, random))
  const days = learningDays + watchedDays
  const names = Object.keys(ATTACKS).filter((word) => isAttack(word))
  for (const commuter of people) {
    for (let day = 0; day < days; day += 1) {
      const midnight = EPOCH + day * DAY
      for (const each of dayOf(commuter, midnight, random)) {
        all.push({ ...each, commuter: commuter.number, day })
      }
    }
    const attack = names[commuter.number % names.length]
    const day = days - 1 - Math.floor(random() * (watchedDays / 2))
    if (attack !== undefined) all.push(...attacked(commuter, { attack, day }, random))
  }
  return all.toSorted((a, b) => a.at - b.at)
}

function attacked(
  commuter: Commuter,
  { attack, day }: { attack: AttackName; day: number },
  random: () => number,
): Happening[] {
  const midnight = EPOCH + day * DAY
  return ATTACKS[attack]
    .act(commuter, midnight, random)
    .map((each) => ({ ...each, commuter: commuter.number, day, attack }))
}

function isAttack(word: string): word is AttackName {
  return Object.hasOwn(ATTACKS, word)
}
