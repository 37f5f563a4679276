import { LRUCache } from 'lru-cache'
import type { Instant } from '../../core/clock.ts'
import type { AlternationLimits } from './pattern.ts'

/** Somebody was somewhere. */
export interface Whereabouts {
  readonly who: string
  /** Only places of one kind are told apart: a device may be at one of each at once. */
  readonly kind: string
  readonly place: string
  readonly at: Instant
}

/** Finds who is at two places at once, by how soon they return to one that they left. */
export interface Alternation {
  /** Takes note of a request; resolves to the number of returns once there are too many, which are then forgotten. */
  seen(whereabouts: Whereabouts, limits: AlternationLimits): number | undefined
}

/** A place that somebody went on from. */
interface Left {
  readonly place: string
  readonly at: Instant
}

/** The latest places of somebody. */
interface Course {
  place: string
  /** Those before, the latest first. */
  left: readonly Left[]
  /** When they came back at once; never more than are allowed. */
  returns: readonly Instant[]
}

/** Places of which it is remembered that somebody left them: who lives several of them in turn is found as who lives two. */
const MOST_LEFT = 4

const NOWHERE: readonly Left[] = []

type Courses = LRUCache<string, Course>

const NO_RETURNS: readonly Instant[] = []

/**
 * Two who live use the same thing in turn, because a newer request takes the place of the older one: whoever lost it comes back
 * at once. A device that moves returns later, if at all: it has to lose one network and to join another one first. Remembers
 * `maxTracked` of them for each kind of place, the least lately seen are forgotten first.
 */
export function alternation(maxTracked: number): Alternation {
  const kinds = new Map<string, Courses>()

  function coursesOf(kind: string): Courses {
    const known = kinds.get(kind)
    if (known !== undefined) return known
    // Made when first needed, because it takes its memory at once.
    const made: Courses = new LRUCache({ max: maxTracked })
    kinds.set(kind, made)
    return made
  }

  return {
    seen({ who, kind, place, at }, limits): number | undefined {
      const courses = coursesOf(kind)
      const course = courses.get(who)
      if (course === undefined) {
        courses.set(who, { place, left: NOWHERE, returns: NO_RETURNS })
        return undefined
      }
      return course.place === place ? undefined : change(course, { place, at }, limits)
    },
  }
}

/** What was before, by a clock that was set back since, is in the future, and counts for nothing. */
function change(
  course: Course,
  { place, at }: Pick<Whereabouts, 'place' | 'at'>,
  { returns: most, returnWithin, window }: AlternationLimits,
): number | undefined {
  const before = course.left.find((left) => left.place === place)
  const isReturn = before !== undefined && at >= before.at && at - before.at <= returnWithin
  const others = course.left.filter((left) => left !== before)
  course.left = [{ place: course.place, at }, ...others].slice(0, MOST_LEFT)
  course.place = place
  if (!isReturn) return undefined
  const returns = [
    ...course.returns.filter((earlier) => earlier > at - window && earlier <= at),
    at,
  ]
  const isFound = returns.length >= most
  course.returns = isFound ? NO_RETURNS : returns
  return isFound ? returns.length : undefined
}
