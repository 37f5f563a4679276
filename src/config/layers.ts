import { readFileSync } from 'node:fs'
import { parse, TomlError } from 'smol-toml'
import { nearest } from './nearest.ts'
import type { Environment } from './option.ts'
import { OPTION_ENTRIES, type OptionEntry } from './options.ts'
import type { Problem } from './problem.ts'
import { referredVariable } from './secret-kinds.ts'
import { lineOf } from './source-line.ts'

/** Where an option's value comes from. */
export interface Source {
  readonly kind: 'default' | 'preset' | 'file' | 'environment' | 'flag'
  /** For people: `hfs.toml:12`, `HFS_SERVER_LISTEN`, `--set server.listen`. */
  readonly place: string
}

/** A value before it was parsed. */
export interface RawValue {
  readonly name: string
  readonly value: unknown
  readonly source: Source
}

/** What one source says. */
export interface Layer {
  readonly values: readonly RawValue[]
  readonly problems: readonly Problem[]
}

/** Values by `section.key` that take the place of defaults. */
export type Preset = Readonly<Record<string, unknown>>

const ENTRIES = new Map(OPTION_ENTRIES.map((entry) => [entry.name, entry]))
const SECTIONS = new Set(OPTION_ENTRIES.map((entry) => entry.section))
const VARIABLES = new Map(OPTION_ENTRIES.map((entry) => [entry.variable, entry]))

/** Values that a program gives instead of the defaults. */
export function presetLayer(preset: Preset): Layer {
  const source: Source = { kind: 'preset', place: 'preset' }
  return {
    values: Object.entries(preset).map(([name, value]) => ({ name, value, source })),
    problems: Object.keys(preset)
      .filter((name) => !ENTRIES.has(name))
      .map((name) => unknownOption(name, 'preset')),
  }
}

/** The values of a TOML file. */
export function fileLayer(file: string): Layer {
  const text = readText(file)
  if (typeof text !== 'string') return { values: [], problems: [text] }
  const table = parseToml(text, file)
  if ('why' in table) return { values: [], problems: [table.why] }
  const found = Object.entries(table.sections).map(([section, content]) =>
    sectionLayer({ section, content }, { file, text }),
  )
  return joined(found)
}

/** Variables called `HFS_SECTION_KEY`. One that a secret refers to (`env:HFS_…`) is not an option. */
export function environmentLayer(env: Environment, referred: ReadonlySet<string>): Layer {
  const set = Object.entries(env).filter(
    ([name, value]) => name.startsWith('HFS_') && value !== undefined && !referred.has(name),
  )
  return joined(set.map(([variable, value = '']) => variableLayer(variable, value)))
}

/** The arguments of `--set`, each `section.key=value`. */
export function flagLayer(flags: readonly string[]): Layer {
  return joined(flags.map((flag) => settingLayer(flag)))
}

/** The variables that secrets of these layers refer to. */
export function referredVariables(layers: readonly Layer[], env: Environment): Set<string> {
  const values: unknown[] = layers.flatMap((layer) => layer.values.map(({ value }) => value))
  const nested = values
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .flatMap((value: unknown) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [value],
    )
  return new Set(
    [...nested, ...Object.values(env)]
      .map((value) => referredVariable(value))
      .filter((name) => name !== undefined),
  )
}

/** A name that is no option, with the one that was probably meant. */
function unknownOption(name: string, place: string): Problem {
  const [section = '', key = ''] = name.split('.')
  const meant = SECTIONS.has(section) ? meantOption(section, key) : meantSection(section, key)
  const remedy = meant === undefined ? 'remove it' : `did you mean "${meant}"?`
  return { place, option: name, why: 'there is no such option', remedy }
}

function meantOption(section: string, key: string): string | undefined {
  const keys = OPTION_ENTRIES.filter((entry) => entry.section === section)
  const near = nearest(
    key,
    keys.map((entry) => entry.key),
  )
  if (near !== undefined) return `${section}.${near}`
  return OPTION_ENTRIES.find((entry) => entry.key === key)?.name
}

function meantSection(section: string, key: string): string | undefined {
  const near = nearest(section, SECTIONS)
  if (key === '' || near === undefined) return near
  return ENTRIES.has(`${near}.${key}`)
    ? `${near}.${key}`
    : nearest(`${near}.${key}`, ENTRIES.keys())
}

function readText(file: string): string | Problem {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { place: file, why, remedy: 'give the path of a file that this user may read' }
  }
}

function parseToml(
  text: string,
  file: string,
): { sections: Readonly<Record<string, unknown>> } | { why: Problem } {
  try {
    return { sections: parse(text) }
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    const [summary = 'this is not TOML'] = cause.message.split('\n')
    return { why: { place: `${file}:${cause.line}`, why: summary, remedy: 'correct the line' } }
  }
}

function sectionLayer(
  { section, content }: { section: string; content: unknown },
  { file, text }: { file: string; text: string },
): Layer {
  const placeOf = (name: string): string => `${file}:${lineOf(text, name) ?? 1}`
  if (!SECTIONS.has(section)) {
    return { values: [], problems: [unknownOption(section, placeOf(section))] }
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    const problem = {
      place: placeOf(section),
      option: section,
      why: 'this is a section, not a key',
    }
    return {
      values: [],
      problems: [{ ...problem, remedy: `write [${section}] and its keys below` }],
    }
  }
  const names = Object.entries(content).map(([key, value]: [string, unknown]) => ({
    name: `${section}.${key}`,
    value,
  }))
  return {
    values: names.map(({ name, value }) => ({
      name,
      value,
      source: { kind: 'file', place: placeOf(name) },
    })),
    problems: names
      .filter(({ name }) => !ENTRIES.has(name))
      .map(({ name }) => unknownOption(name, placeOf(name))),
  }
}

function variableLayer(variable: string, text: string): Layer {
  const entry = VARIABLES.get(variable)
  if (entry !== undefined) return textLayer(entry, { text, kind: 'environment', place: variable })
  const near = nearest(variable, VARIABLES.keys())
  const remedy = near === undefined ? 'unset it' : `did you mean ${near}?`
  return {
    values: [],
    problems: [{ place: 'environment', option: variable, why: 'there is no such option', remedy }],
  }
}

function settingLayer(flag: string): Layer {
  const [, name = flag, text] = /^([^=]*)=(.*)$/su.exec(flag) ?? []
  const entry = ENTRIES.get(name.trim())
  const place = `--set ${name}`
  if (entry === undefined) return { values: [], problems: [unknownOption(name, '--set')] }
  if (text !== undefined) return textLayer(entry, { text, kind: 'flag', place })
  const remedy = `write --set ${name}=value`
  return { values: [], problems: [{ place, why: 'the value is missing', remedy }] }
}

function textLayer(
  { name, option }: OptionEntry,
  { text, kind, place }: Source & { readonly text: string },
): Layer {
  // "[" alone would be an IPv6 address; this is a list as TOML writes it.
  const written = /^\s*\[\s*["'{\]]/u.test(text) ? parseToml(`value = ${text}`, place) : undefined
  if (written !== undefined && 'why' in written) {
    return { values: [], problems: [{ ...written.why, place, option: name }] }
  }
  const plain = option.list ? splitList(text) : text
  const value = written === undefined ? plain : written.sections['value']
  return { values: [{ name, value, source: { kind, place } }], problems: [] }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function joined(layers: readonly Layer[]): Layer {
  return {
    values: layers.flatMap((layer) => layer.values),
    problems: layers.flatMap((layer) => layer.problems),
  }
}
