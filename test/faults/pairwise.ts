/** A choice of one value for each of several factors. */
export type Combination = Readonly<Record<string, string>>

/**
 * A small selection in which every pair of values of two factors occurs that occurs in `all`
 * (pairwise cover). Greedy: each step takes the combination with the most pairs that are new, the
 * first of them in the order of `all`.
 */
export function pairwiseCover<T extends Combination>(all: readonly T[]): readonly T[] {
  const candidates = all.map((combination) => ({ combination, pairs: pairsOf(combination) }))
  const open = new Set(candidates.flatMap(({ pairs }) => pairs))
  const cover: T[] = []
  while (open.size > 0) {
    const { combination, pairs } = candidates.reduce((best, candidate) =>
      newPairs(candidate.pairs, open) > newPairs(best.pairs, open) ? candidate : best,
    )
    cover.push(combination)
    for (const pair of pairs) open.delete(pair)
  }
  return cover
}

/** Each pair of values, with the names of their factors. */
export function pairsOf(combination: Combination): readonly string[] {
  const values = Object.entries(combination).map(([factor, value]) => `${factor}=${value}`)
  return values.flatMap((one, index) => values.slice(index + 1).map((other) => `${one} ${other}`))
}

function newPairs(pairs: readonly string[], open: ReadonlySet<string>): number {
  return pairs.filter((pair) => open.has(pair)).length
}
