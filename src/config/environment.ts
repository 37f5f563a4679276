import type { Environment } from './option.ts'

/** The variables this process was started with: the only place that reads them. */
export function processEnvironment(): Environment {
  return process.env
}
