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
        courses.set(who, { place, before: undefined, changedAt: at, returns: NO_RETURNS })
        return undefined
      }
      return course.place === place ? undefined : change(course, { place, at }, limits)
    },
  }
}

function change(
  course: Course,
  { place, at }: Pick<Whereabouts, 'place' | 'at'>,
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
