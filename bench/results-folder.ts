import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const FORMATTER = path.join(import.meta.dirname, '../node_modules/.bin/oxfmt')

const FORMATTED = new Set(['md', 'json'])

/** Writes `name.<extension>` for each extension, unless no results are wanted. */
export function writeResults(
  { results }: { readonly results: string | undefined },
  name: string,
  contents: Readonly<Record<string, string>>,
): void {
  if (results === undefined) return
  mkdirSync(results, { recursive: true })
  for (const [extension, text] of Object.entries(contents)) {
    const file = path.join(results, `${name}.${extension}`)
    writeFileSync(file, text)
    // The repository's own form, which its check asks for.
    if (FORMATTED.has(extension)) execFileSync(FORMATTER, [file], { stdio: 'ignore' })
    console.log(`wrote ${file}`)
  }
}
