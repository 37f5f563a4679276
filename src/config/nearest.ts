/**
 * The candidate that a mistyped word most likely meant, if one is near enough:
 * fewer edits than a third of its length, at least two.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Insertions, deletions and replacements that make one text of the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  const target = Array.from(to)
  let row = Array.from({ length: target.length + 1 }, (_, index) => index)
  for (const [index, letter] of Array.from(from).entries()) {
    const above = row
    row = [index + 1]
    for (const [column, other] of target.entries()) {
      const replace = (above[column] ?? 0) + (letter === other ? 0 : 1)
      row.push(Math.min(replace, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1))
    }
  }
  return row.at(-1) ?? 0
}
