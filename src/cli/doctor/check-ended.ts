import type { Finding } from './finding.ts'

/** Ends a check from inside of what several checks do alike. */
export class CheckEnded extends Error {
  override readonly name = 'CheckEnded'
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.text)
    this.finding = finding
  }
}
