import { isDeepStrictEqual } from 'node:util'
import { configOf, OPTION_ENTRIES, valueOf, type Config } from './options.ts'

/** What becomes of a new configuration in a server that runs already. */
export interface Reloading {
  /** The running configuration with what can be taken over of the new one. */
  readonly config: Config
  /** Options, as `section.key`, whose new value was taken over. */
  readonly changed: readonly string[]
  /** Options whose new value works only after a restart. */
  readonly needRestart: readonly string[]
}

/** Takes over of `wanted` what a running server can change. */
export function reloading(running: Config, wanted: Config): Reloading {
  const different = OPTION_ENTRIES.filter(
    (entry) => !isDeepStrictEqual(valueOf(running, entry), valueOf(wanted, entry)),
  )
  const names = (reload: boolean): string[] =>
    different.filter(({ option }) => option.reload === reload).map(({ name }) => name)
  return {
    config: configOf((entry) => valueOf(entry.option.reload ? wanted : running, entry)),
    changed: names(true),
    needRestart: names(false),
  }
}
