import { dirname, resolve } from 'node:path'
import { conflicts } from './cross-checks.ts'
import {
  environmentLayer,
  fileLayer,
  flagLayer,
  presetLayer,
  referredVariables,
  type Preset,
  type RawValue,
  type Source,
} from './layers.ts'
import { BadValue, type Environment, type Place } from './option.ts'
import { configOf, OPTION_ENTRIES, type Config, type OptionEntry } from './options.ts'
import { ConfigError, type Problem } from './problem.ts'
import { tomlText } from './toml-text.ts'

/** Where a configuration is read from; a later one wins: default, preset, file, environment, flag. */
export interface ConfigSources {
  readonly file?: string | undefined
  readonly env: Environment
  /** Each `section.key=value`. */
  readonly flags: readonly string[]
  /** Absolute path; relative paths start here if there is no file. */
  readonly cwd: string
  readonly preset?: Preset
}

export interface LoadedConfig {
  readonly config: Config
  /** Where each value comes from, by `section.key`. */
  readonly sources: ReadonlyMap<string, Source>
  /** What works but deserves attention. */
  readonly warnings: readonly string[]
}

const DEFAULT: Source = { kind: 'default', place: 'default' }

/**
 * Reads, parses and checks a configuration.
 * @throws {ConfigError} with everything that is wrong, not only the first thing
 */
export function loadConfig(from: ConfigSources): LoadedConfig {
  const { chosen, problems } = gather(from)
  const warnings: string[] = []
  const place: Place = {
    folder: from.file === undefined ? from.cwd : dirname(resolve(from.cwd, from.file)),
    env: from.env,
    warn: (text) => warnings.push(text),
  }
  const config = configOf((entry) => {
    const { value, problem } = parseEntry(entry, { raw: chosen.get(entry.name), place })
    if (problem !== undefined) problems.push(problem)
    return value
  })
  problems.push(...conflictProblems(config, { chosen, problems }))
  if (problems.length > 0) throw new ConfigError(problems)
  return { config, sources: sourcesOf(chosen), warnings: [...new Set(warnings)] }
}

type Chosen = ReadonlyMap<string, RawValue>

function gather({ file, env, flags, cwd, preset }: ConfigSources): {
  chosen: Chosen
  problems: Problem[]
} {
  const written = [
    presetLayer(preset ?? {}),
    ...(file === undefined ? [] : [fileLayer(resolve(cwd, file))]),
  ]
  const asked = flagLayer(flags)
  const referred = referredVariables([...written, asked], env)
  const layers = [...written, environmentLayer(env, referred), asked]
  return {
    chosen: new Map(layers.flatMap(({ values }) => values.map((raw) => [raw.name, raw]))),
    problems: layers.flatMap((layer) => layer.problems),
  }
}

function parseEntry(
  { option, name, key }: OptionEntry,
  { raw, place }: { raw: RawValue | undefined; place: Place },
): { value: unknown; problem?: Problem } {
  const fallback = (): unknown =>
    option.fallback === undefined ? undefined : option.parse(option.fallback, place)
  if (raw === undefined) return { value: fallback() }
  try {
    if (!option.secret) refuseVariables(raw.value)
    return { value: option.parse(raw.value, place) }
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    const shown = option.secret ? '' : `${shortened(tomlText(raw.value))}: `
    const problem: Problem = {
      place: raw.source.place,
      option: name,
      why: shown + error.message,
      allowed: option.allowed,
      remedy: error.remedy ?? `write for example ${key} = ${tomlText(option.example)}`,
    }
    // The default stands in, so that the other options can still be checked.
    return { value: fallback(), problem }
  }
}

function refuseVariables(value: unknown): void {
  if (typeof value !== 'string' || !value.includes('${')) return
  throw new BadValue('variables are not expanded', {
    remedy: 'write the value itself, or set the option in the environment',
  })
}

function conflictProblems(
  config: Config,
  { chosen, problems }: { chosen: Chosen; problems: readonly Problem[] },
): Problem[] {
  const bad = new Set(problems.map((problem) => problem.option))
  // Without a readable file or with bad values among them nothing can be said about several.
  const unread = problems.some((problem) => problem.option === undefined)
  return conflicts(config)
    .filter(({ options }) => !unread && !options.some((name) => bad.has(name)))
    .map(({ options, why, remedy }) => {
      const named = options.find((name) => chosen.has(name))
      const place = named === undefined ? '' : (chosen.get(named)?.source.place ?? '')
      return { place, option: named ?? options[0] ?? '', why, remedy }
    })
}

function sourcesOf(chosen: Chosen): Map<string, Source> {
  return new Map(OPTION_ENTRIES.map(({ name }) => [name, chosen.get(name)?.source ?? DEFAULT]))
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
