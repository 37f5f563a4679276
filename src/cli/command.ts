import { parseArgs } from 'node:util'
import type { Io } from './io.ts'

/** A flag of a command; one row gives parser and help. */
interface Flag {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** One letter that may stand for the name. */
  readonly short?: string
  /** What stands for the value in the help, e.g. `FILE`. */
  readonly value?: string
  readonly help: string
}

export type Flags = Readonly<Record<string, Flag>>

type FlagValue<F extends Flag> = F['type'] extends 'boolean'
  ? boolean
  : F extends { readonly multiple: true }
    ? readonly string[]
    : string

/** The flags that were given, by name. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]?: FlagValue<F[K]> }

/** What a command is called with. */
export interface Arguments<F extends Flags> {
  readonly flags: FlagValues<F>
  readonly positionals: readonly string[]
}

/** One command, its flags typed. */
export interface CommandSpec<F extends Flags> {
  readonly name: string
  readonly summary: string
  /** Positional arguments in the usage line, e.g. `PATH SIZE [TYPE]`; without it there are none. */
  readonly parameters?: string
  readonly details?: string
  readonly flags: F
  /** Resolves to the exit code: 0 ok, 1 refused or failed. */
  run(given: Arguments<F>, io: Io): Promise<number> | number
}

/** One command, as the program's table holds it. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly help: string
  /** @throws {UsageError} if the arguments make no sense */
  run(argv: readonly string[], io: Io): Promise<number>
}

/** The command line makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const HELP: Flag = { type: 'boolean', help: 'print this help' }

/** Makes a command of its specification. */
export function command<const F extends Flags>(spec: CommandSpec<F>): Command {
  const help = helpText(spec)
  return {
    name: spec.name,
    summary: spec.summary,
    help,
    async run(argv, io) {
      if (argv.includes('--help')) {
        io.stdout.write(help)
        return 0
      }
      return await spec.run(parseCommandLine(spec, argv), io)
    },
  }
}

function parseCommandLine<F extends Flags>(
  { flags, parameters }: CommandSpec<F>,
  argv: readonly string[],
): Arguments<F> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: flags,
      allowPositionals: parameters !== undefined,
      strict: true,
    })
    if (!areFlagValues(flags, values)) throw new UsageError('A flag has a value of the wrong kind')
    return { flags: values, positionals }
  } catch (cause) {
    // parseArgs says what is wrong in a sentence of its own.
    if (cause instanceof TypeError) throw new UsageError(cause.message, { cause })
    throw cause
  }
}

function areFlagValues<F extends Flags>(
  flags: F,
  values: Readonly<Record<string, unknown>>,
): values is FlagValues<F> {
  return Object.entries(flags).every(([name, { type, multiple }]) => {
    const value = values[name]
    return value === undefined || (multiple === true ? Array.isArray(value) : typeof value === type)
  })
}

function helpText({ name, summary, parameters, details, flags }: CommandSpec<Flags>): string {
  const rows = Object.entries({ ...flags, help: HELP }).map(([flag, { short, value, help }]) => [
    `${short === undefined ? '' : `-${short}, `}--${flag}${value === undefined ? '' : ` ${value}`}`,
    help,
  ])
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2
  const usage = ['hmac-file-server', name, parameters, '[flags]'].filter(Boolean).join(' ')
  return [
    `${summary}\n\nUsage: ${usage}\n`,
    ...(details === undefined ? [] : [`${details}\n`]),
    ...rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}${right}`),
    '',
  ].join('\n')
}
