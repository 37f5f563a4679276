/** A command as Redis takes it: its name, then its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]]

/** Sends a command; resolves to its answer. Trouble is `Refusal('state-unavailable')`. */
export type Send = (command: Command) => Promise<unknown>

/** The first key that a command works on; scripts name the number of their keys before them. */
export function keyOf([name, ...args]: Command): string {
  return String(args[name.startsWith('eval') ? 2 : 0])
}
