/**
 * Fits a snippet that operators are given to a test: its public port, its paths.
 * Throws if one of the texts is not there, so that the test cannot drift away from the snippet.
 */
export function fitted(snippet: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The snippet has no ${from}:\n${text}`)
    return text.replaceAll(from, to)
  }, snippet)
}
