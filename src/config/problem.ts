/** One thing that is wrong with the configuration. Never holds a secret. */
export interface Problem {
  /** `file.toml:12`, `environment`, `command line`; empty where it is about the whole. */
  readonly place: string
  /** `section.key` */
  readonly option?: string
  readonly why: string
  readonly allowed?: string
  readonly remedy?: string
}

/** All that is wrong with a configuration, together. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problemText(problem)).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** A problem in up to three lines: what and where, what is allowed, what to do. */
function problemText({ place, option, why, allowed, remedy }: Problem): string {
  return [
    [place, option, why].filter((part) => part !== undefined && part !== '').join(': '),
    ...(allowed === undefined ? [] : [`    allowed: ${allowed}`]),
    ...(remedy === undefined ? [] : [`    remedy:  ${remedy}`]),
  ].join('\n')
}
