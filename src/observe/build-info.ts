import { readFileSync } from 'node:fs'

/** What is running. */
export interface BuildInfo {
  readonly version: string
  readonly node: string
  /** Abbreviated commit of the checkout it runs from; `unknown` for an installed package. */
  readonly commit: string
}

const ROOT = new URL('../../', import.meta.url)

/** Reads the package's version and, in a checkout, the commit. Meant to be called once, at start. */
export function readBuildInfo(root: URL = ROOT): BuildInfo {
  return { version: versionIn(root), node: process.versions.node, commit: commitIn(root) }
}

function versionIn(root: URL): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return known ? String(manifest.version) : 'unknown'
}

/** Follows `.git/HEAD` to the commit: one reference, loose or packed (gitrepository-layout). */
function commitIn(root: URL): string {
  const head = textIn(root, '.git/HEAD')?.trim()
  if (head === undefined) return 'unknown'
  const reference = /^ref: (.+)$/u.exec(head)?.[1]
  const commit = reference === undefined ? head : commitOf(root, reference)
  return commit === undefined ? 'unknown' : commit.slice(0, 12)
}

function commitOf(root: URL, reference: string): string | undefined {
  const packed = textIn(root, '.git/packed-refs')?.split('\n') ?? []
  return (
    textIn(root, `.git/${reference}`)?.trim() ??
    packed.find((line) => line.endsWith(` ${reference}`))?.split(' ')[0]
  )
}

function textIn(root: URL, path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8')
  } catch {
    // A missing file is the usual case outside a checkout, and no other failure is worth a failed start.
    return undefined
  }
}
