import type { Option, Section } from './option.ts'
import { admin } from './sections/admin.ts'
import { anomaly } from './sections/anomaly.ts'
import { audit } from './sections/audit.ts'
import { downloads } from './sections/downloads.ts'
import { geo } from './sections/geo.ts'
import { grants } from './sections/grants.ts'
import { http } from './sections/http.ts'
import { keys } from './sections/keys.ts'
import { limits } from './sections/limits.ts'
import { log } from './sections/log.ts'
import { networkResilience } from './sections/network-resilience.ts'
import { privacy } from './sections/privacy.ts'
import { retention } from './sections/retention.ts'
import { security } from './sections/security.ts'
import { server } from './sections/server.ts'
import { sessionStore } from './sections/session-store.ts'
import { storage } from './sections/storage.ts'
import { threats } from './sections/threats.ts'

/** Every option there is, by section and key as the configuration file writes them. */
export const OPTIONS = {
  server,
  grants,
  storage,
  session_store: sessionStore,
  network_resilience: networkResilience,
  security,
  keys,
  geo,
  anomaly,
  threats,
  retention,
  downloads,
  http,
  limits,
  log,
  audit,
  admin,
  privacy,
} as const

type Camel<S> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

type Values<S> =
  S extends Section<infer O>
    ? { readonly [K in keyof O as Camel<K> & string]: O[K] extends Option<infer T> ? T : never }
    : never

/** The effective configuration, derived from {@link OPTIONS}: `session_store.path` is `sessionStore.path`. */
export type Config = {
  readonly [S in keyof typeof OPTIONS as Camel<S> & string]: Values<(typeof OPTIONS)[S]>
}

/** One row of the table with its names. */
export interface OptionEntry {
  readonly section: string
  readonly key: string
  /** `section.key` */
  readonly name: string
  /** `HFS_SECTION_KEY` */
  readonly variable: string
  readonly option: Option<unknown>
}

/** The table as a list, in its order. */
export const OPTION_ENTRIES: readonly OptionEntry[] = Object.entries(OPTIONS).flatMap(
  ([section, { options }]: [string, Section<Readonly<Record<string, Option<unknown>>>>]) =>
    Object.entries(options).map(([key, option]) => ({
      section,
      key,
      name: `${section}.${key}`,
      variable: `HFS_${section}_${key}`.toUpperCase(),
      option,
    })),
)

/** The configuration in which every option has the value that `valueFor` returns. */
export function configOf(valueFor: (entry: OptionEntry) => unknown): Config {
  const values: Record<string, Record<string, unknown>> = {}
  for (const entry of OPTION_ENTRIES) {
    const section = (values[camelCase(entry.section)] ??= {})
    section[camelCase(entry.key)] = valueFor(entry)
  }
  if (!isConfig(values)) throw new TypeError('an option has no value')
  return values
}

/** The value of one option. */
export function valueOf(config: Config, { section, key }: OptionEntry): unknown {
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = config
  return sections[camelCase(section)]?.[camelCase(key)]
}

function isConfig(
  values: Readonly<Record<string, Record<string, unknown>>>,
): values is Config & typeof values {
  return OPTION_ENTRIES.every(({ section, key }) =>
    Object.hasOwn(values[camelCase(section)] ?? {}, camelCase(key)),
  )
}

/** `session_store` → `sessionStore` */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase())
}
