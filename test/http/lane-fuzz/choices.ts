import type { SeededRandom } from '../../interop/seeded-random.ts'

/** At least one of them. */
export type Choices<T> = readonly [T, ...T[]]

/** Choices in rows of any length. */
export function listed<T>(first: Choices<T>, ...more: readonly (readonly T[])[]): Choices<T> {
  return [...first, ...more.flat()]
}

export function oneOf<T>(random: SeededRandom, choices: Choices<T>): T {
  return choices[random.integer(0, choices.length - 1)] ?? choices[0]
}

/** True in this share of the cases. */
export function happens(random: SeededRandom, share: number): boolean {
  return random.fraction() < share
}

/** `piece` put into the text at a random place, in the place of `removed` of its characters. */
export function spliced(
  random: SeededRandom,
  text: string,
  [piece, removed]: [string, number],
): string {
  const at = random.integer(0, Math.max(0, text.length - removed))
  return text.slice(0, at) + piece + text.slice(at + removed)
}
