/**
 * `npm run size`: what the client adds to a page, bundled and minified by esbuild, compressed by gzip; and what the page
 * loads only when it first uses it. Exits with 1 if a page has to load more than it may.
 */
import { join, parse, relative } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, type Metafile, type Plugin, build } from 'esbuild'
import { browserBundle } from './browser-bundle.ts'

const FOLDER = join(import.meta.dirname, '../src/client/browser')

/** So much may a page have to load that takes all of the client, in bytes. */
export const LIMIT = 8192

/** Pages, by what they take of the client. */
export const PAGES = {
  upload: ['upload', 'uploadAll', 'UploadError'],
  download: ['download', 'UploadError'],
  everything: ['upload', 'uploadAll', 'forget', 'download', 'UploadError'],
} as const

/** In the syntax of Go, which knows no flags behind. */
// eslint-disable-next-line require-unicode-regexp
const FOLLOWED = /^[.]/

/** Leaves out what a page loads only when it uses it. */
const LATER: Plugin = {
  name: 'later',
  setup(page) {
    page.onResolve({ filter: FOLLOWED }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

function pageOf(names: readonly string[]): BuildOptions {
  const contents = `export { ${names.join(', ')} } from './main.ts'`
  return { stdin: { contents, resolveDir: FOLDER }, minify: true, format: 'esm' }
}

function compressed(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length
}

/** Size of what a page takes of the client, without what it loads later, in bytes. */
export async function bundleSize(names: readonly string[]): Promise<number> {
  return compressed((await browserBundle({ ...pageOf(names), plugins: [LATER] })).contents)
}

/** What a page of all of the client loads when it first uses it: each part by the name of its module, in bytes. */
export async function laterSizes(): Promise<ReadonlyMap<string, number>> {
  const { outputFiles, metafile } = await build({
    ...pageOf(PAGES.everything),
    bundle: true,
    splitting: true,
    platform: 'browser',
    logLevel: 'error',
    metafile: true,
    write: false,
    outdir: FOLDER,
    absWorkingDir: FOLDER,
  })
  const { outputs } = metafile
  const bytes = new Map(outputFiles.map(({ path, contents }) => [relative(FOLDER, path), contents]))
  const entries = Object.keys(outputs).filter((path) => outputs[path]?.entryPoint)
  const isPage = (path: string): boolean => outputs[path]?.entryPoint?.endsWith('.ts') === false
  const atOnce = new Set(entries.filter(isPage).flatMap((path) => loadedWith(path, outputs)))
  return new Map(
    entries
      .filter((path) => !isPage(path))
      .map((path) => {
        const files = loadedWith(path, outputs).filter((file) => !atOnce.has(file))
        const sizes = files.map((file) => compressed(bytes.get(file) ?? new Uint8Array()))
        return [parse(outputs[path]?.entryPoint ?? '').name, sizes.reduce((a, b) => a + b)]
      }),
  )
}

/** A file, and all that has to be there before it runs. */
function loadedWith(
  path: string,
  outputs: Metafile['outputs'],
  found = new Set<string>(),
): string[] {
  if (found.has(path)) return []
  found.add(path)
  const next = (outputs[path]?.imports ?? []).filter(({ kind }) => kind === 'import-statement')
  return [path, ...next.flatMap((each) => loadedWith(each.path, outputs, found))]
}

if (import.meta.main) {
  for (const [page, names] of Object.entries(PAGES)) {
    console.log(`${page}: ${await bundleSize(names)} bytes (${names.join(', ')})`)
  }
  const later = [...(await laterSizes())].map(([part, size]) => `${part} ${size} bytes`)
  console.log(`loaded at first use: ${later.join(', ')}`)
  if ((await bundleSize(PAGES.everything)) > LIMIT) {
    console.error(`More than ${LIMIT} bytes are too many for a page`)
    process.exitCode = 1
  }
}
