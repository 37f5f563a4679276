import { UsageError } from './command.ts'

/** What a command can do, each under the word that asks for it. */
export type Subcommands<Run> = ReadonlyMap<string, Run>

/**
 * What the first argument asks for.
 * @throws {UsageError} that says what can be asked for, if it is nothing of that
 */
export function subcommandOf<Run>(
  subcommands: Subcommands<Run>,
  [word = '']: readonly string[],
): Run {
  const found = subcommands.get(word)
  if (found === undefined) throw new UsageError(`Say ${eitherOf([...subcommands.keys()])}`)
  return found
}

function eitherOf(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`)
  return [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ')
}
