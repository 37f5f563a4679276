/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a value may refer to while it is parsed. */
export interface Place {
  /** Relative paths start here: the configuration file's folder, else the current one. */
  readonly folder: string
  readonly env: Environment
  /** Reports something that works but deserves attention. */
  readonly warn: (text: string) => void
}

/** How a value is written in TOML, once it is safe to show. */
export type Shown = string | number | boolean | readonly string[]

/**
 * One row of the option table. Loader, `check`, `init` and `docs/options.md` derive from it;
 * the environment variable follows from section and key.
 */
export interface Option<T> {
  readonly help: string
  /** What may be written, as the end of the sentence "allowed: …". */
  readonly allowed: string
  /** As written in the file; `undefined` where the option is off unless set. */
  readonly fallback: unknown
  /** A value worth imitating; shown where a bad one was found. */
  readonly example: unknown
  /** In the environment and in flags several values are separated by commas. */
  readonly list: boolean
  /** Its value is never shown. */
  readonly secret: boolean
  /** A running server takes a new value over; else it needs a restart. */
  readonly reload: boolean
  /** @throws {BadValue} if the value is not allowed */
  parse(raw: unknown, place: Place): T
  show(value: T): Shown
}

/** What a section file states about one option beside its kind. */
export interface Row<D> {
  readonly default: D
  readonly help: string
  /** Absent: a new value needs a restart. */
  readonly reload?: true
}

/** A value that is not allowed; the loader adds where it stands. */
export class BadValue extends Error {
  readonly remedy: string | undefined

  constructor(why: string, options: ErrorOptions & { readonly remedy?: string } = {}) {
    super(why, options)
    this.name = 'BadValue'
    this.remedy = options.remedy
  }
}

/** The same option without a default: `undefined` unless it is set. */
export function optional<T>(option: Option<T>): Option<T | undefined> {
  return {
    ...option,
    fallback: undefined,
    show: (value) => (value === undefined ? '' : option.show(value)),
  }
}

/** One `[section]` of the file. */
export interface Section<O extends Readonly<Record<string, Option<unknown>>>> {
  readonly help: string
  readonly options: O
}

/** Declares a section; keeps the exact type of every row. */
export function section<const O extends Readonly<Record<string, Option<unknown>>>>(
  help: string,
  options: O,
): Section<O> {
  return { help, options }
}
