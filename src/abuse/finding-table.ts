import { MOST_MARKS } from './ports.ts'
import type { Instant } from '../core/clock.ts'
import { subjectKey } from './subject.ts'

/** That a pattern was found of somebody, and for how long that holds. */
export interface Finding {
  /** Without spaces. */
  readonly pattern: string
  /** Of whom it was found: a session, a network, a user. */
  readonly subject: string
  /** When it was found. */
  readonly at: Instant
  readonly until: Instant
}

/** What a finding is about. */
export type Named = Pick<Finding, 'pattern' | 'subject'>

/** Findings by what they are about, whichever of its names a user is called by: of each pattern {@link MOST_MARKS} at most, of more those go first that end soonest. */
export interface FindingTable<F extends Finding> extends Iterable<F> {
  isEmpty(): boolean
  get(named: Named): F | undefined
  set(finding: F): void
  delete(named: Named): void
}

export function findingTable<F extends Finding>(): FindingTable<F> {
  const patterns = new Map<string, Map<string, F>>()
  return {
    isEmpty: () => patterns.size === 0,
    get: ({ pattern, subject }) => patterns.get(pattern)?.get(subjectKey(subject)),
    set(finding): void {
      const { pattern, subject } = finding
      const subjects = patterns.get(pattern) ?? new Map<string, F>()
      patterns.set(pattern, subjects)
      subjects.set(subjectKey(subject), finding)
      if (subjects.size > MOST_MARKS) subjects.delete(soonestOf(subjects))
    },
    delete({ pattern, subject }): void {
      const subjects = patterns.get(pattern)
      subjects?.delete(subjectKey(subject))
      if (subjects?.size === 0) patterns.delete(pattern)
    },
    *[Symbol.iterator]() {
      for (const subjects of patterns.values()) yield* subjects.values()
    },
  }
}

function soonestOf(subjects: ReadonlyMap<string, Finding>): string {
  let [soonest, end] = ['', Infinity]
  for (const [subject, { until }] of subjects) if (until < end) [soonest, end] = [subject, until]
  return soonest
}
