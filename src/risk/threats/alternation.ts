import { LRUCache } from 'lru-cache'
import type { Instant } from '../../core/clock.ts'
import type { AlternationLimits } from './pattern.ts'

/** Somebody was somewhere. */
export interface Whereabouts {
  readonly who: string
  readonly place: string
  readonly at: Instant
}

/** Finds who is at two places at once, by how soon they return to the one before. */
export interface Alternation {
  /** Takes note of a request; resolves to the number of returns once there are too many, which are then forgotten. */
  seen(whereabouts: Whereabouts, limits: AlternationLimits): number | undefined
}

/** The latest two places of somebody. */
interface Course {
  place: string
  before: string | undefined
  changedAt: Instant
  /** When they came back at once; never more than are allowed. */
  returns: readonly Instant[]
}

const NO_RETURNS: readonly Instant[] = []

/**
 * Two who live use the same thing in turn, because a newer request takes the place of the older one: whoever lost it comes back
 * at once. A device that moves returns later, if at all: it has to lose one network and to join another one first. Remembers
 * `maxTracked` of them, the least lately seen are forgotten first.
 */
export function alternation(maxTracked: number): Alternation {
  const courses = new LRUCache<string, Course>({ max: maxTracked })
  return {
    seen({ who, place, at }, limits): number | undefined {
      const course = courses.get(who)
      if (course === undefined) {
        courses.set(who, { place, before: undefined, changedAt: at, returns: NO_RETURNS })
        return undefined
      }
      return course.place === place ? undefined : change(course, { place, at }, limits)
    },
  }
}

function change(
  course: Course,
  { place, at }: Omit<Whereabouts, 'who'>,
  { returns: most, returnWithin, window }: AlternationLimits,
): number | undefined {
  const isReturn = place === course.before && at - course.changedAt <= returnWithin
  course.before = course.place
  course.place = place
  course.changedAt = at
  if (!isReturn) return undefined
  const returns = [...course.returns.filter((earlier) => earlier > at - window), at]
  const isFound = returns.length >= most
  course.returns = isFound ? NO_RETURNS : returns
  return isFound ? returns.length : undefined
}
