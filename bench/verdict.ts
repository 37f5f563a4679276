import { markdownTable } from './markdown-table.ts'

/** A demand of this release and how it came out. */
export interface Verdict {
  readonly workload: string
  readonly demand: string
  readonly measured: string
  readonly met: boolean
}

/** The demands of this release beside what was measured. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return markdownTable(
    ['workload', 'to reach', 'measured', ''],
    verdicts.map(({ workload, demand, measured, met }) => [
      workload,
      demand,
      measured,
      met ? 'met' : 'missed',
    ]),
  )
}
