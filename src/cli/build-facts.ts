import { readFile } from 'node:fs/promises'

/** What is running. */
export interface BuildFacts {
  readonly version: string
  readonly node: string
  /** Of the checkout, where it runs from one. */
  readonly commit?: string
}

/** Two folders up from `src/cli` as well as from `dist/cli`. */
const ROOT = new URL('../../', import.meta.url)

/** Reads version and commit from the installed package or the checkout. */
export async function buildFacts(): Promise<BuildFacts> {
  const manifest: unknown = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'))
  const commit = await checkoutCommit(new URL('.git/', ROOT))
  return {
    version: versionOf(manifest),
    node: process.versions.node,
    ...(commit === undefined ? {} : { commit }),
  }
}

function versionOf(manifest: unknown): string {
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version)
  }
  throw new TypeError('package.json states no version')
}

/** The commit that `HEAD` points at, unless Git has packed the reference away. */
async function checkoutCommit(git: URL): Promise<string | undefined> {
  const head = await textOrNothing(new URL('HEAD', git))
  const [, reference] = /^ref: (refs\/[\w./-]+)$/u.exec(head) ?? []
  const commit = reference === undefined ? head : await textOrNothing(new URL(reference, git))
  return /^[0-9a-f]{40,64}$/u.test(commit) ? commit : undefined
}

async function textOrNothing(file: URL): Promise<string> {
  return await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
}
