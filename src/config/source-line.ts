const HEADER = /^\s*\[{1,2}([^[\]]+)\]{1,2}\s*(?:#.*)?$/u
const ASSIGNMENT = /^\s*([\w."' -]+?)\s*=/u

/**
 * The line (from 1) of a TOML text that defines `section` or `section.key`; `undefined` if none does.
 * Reads headers, plain, dotted and quoted keys; the inside of values is not looked at.
 */
export function lineOf(source: string, name: string): number | undefined {
  let header = ''
  for (const [index, line] of source.split('\n').entries()) {
    const [, opened] = HEADER.exec(line) ?? []
    if (opened !== undefined) header = bareName(opened)
    const [, key] = ASSIGNMENT.exec(line) ?? []
    const path = key === undefined ? header : joined(header, bareName(key))
    const starts = opened !== undefined || key !== undefined
    if (starts && (path === name || path.startsWith(`${name}.`))) return index + 1
    // An inline table: `server = { listen = … }`.
    if (key !== undefined && name.startsWith(`${path}.`)) return index + 1
  }
  return undefined
}

function bareName(text: string): string {
  return text
    .split('.')
    .map((part) => part.trim().replace(/^["']|["']$/gu, ''))
    .join('.')
}

function joined(header: string, key: string): string {
  return header === '' ? key : `${header}.${key}`
}
