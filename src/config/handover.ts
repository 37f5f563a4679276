import { type Config, OPTION_ENTRIES, configOf, valueOf } from './options.ts'

/**
 * The effective configuration as text for another process of the same server, which must not read
 * it anew: the file may have been changed by now. Holds the secrets as they are.
 */
export function configToText(config: Config): string {
  const values = OPTION_ENTRIES.map((entry) => [entry.name, marked(valueOf(config, entry))])
  return JSON.stringify(Object.fromEntries(values))
}

/** The configuration that {@link configToText} made the text of. */
export function configFromText(text: string): Config {
  const values: unknown = JSON.parse(text)
  if (typeof values !== 'object' || values === null) throw new TypeError('no configuration')
  const byName = new Map<string, unknown>(Object.entries(values))
  return configOf(({ name }) => unmarked(byName.get(name)))
}

/** URLs are the only values that JSON does not know. */
const URL_MARK = 'url:'
const TEXT_MARK = 'text:'

function marked(value: unknown): unknown {
  if (value instanceof URL) return URL_MARK + value.href
  if (typeof value === 'string') return TEXT_MARK + value
  return value
}

function unmarked(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.startsWith(URL_MARK)) return new URL(value.slice(URL_MARK.length))
  return value.slice(TEXT_MARK.length)
}
