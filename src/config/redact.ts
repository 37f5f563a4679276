import type { Source } from './layers.ts'
import type { Shown } from './option.ts'
import { OPTION_ENTRIES, valueOf, type Config, type OptionEntry } from './options.ts'
import { tomlText } from './toml-text.ts'

/** The effective configuration as TOML without secrets; with `sources`, where each value comes from. */
export function redact(config: Config, sources?: ReadonlyMap<string, Source>): string {
  const sections = Map.groupBy(OPTION_ENTRIES, (entry) => entry.section)
  return [...sections]
    .map(([name, entries]) => {
      const lines = entries.map((entry) => {
        const place = sources?.get(entry.name)?.place
        const value = shownValue(config, entry)
        if (value === '' && entry.option.fallback === undefined) return `# ${entry.key} is not set`
        const shown = `${entry.key} = ${tomlText(value)}`
        return place === undefined ? shown : `${shown}  # ${place}`
      })
      return [`[${name}]`, ...lines, ''].join('\n')
    })
    .join('\n')
}

/** One value of the effective configuration, safe to show. */
export function shownValue(config: Config, entry: OptionEntry): Shown {
  return entry.option.show(valueOf(config, entry))
}
