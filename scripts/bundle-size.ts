/**
 * `npm run size`: what the client adds to a page, bundled and minified by esbuild, compressed by gzip; without what is
 * loaded only when it is used. Exits with 1 if a page has to load more than it may.
 */
import { join } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'esbuild'
import { browserBundle } from './browser-bundle.ts'

const FOLDER = join(import.meta.dirname, '../src/client/browser')

/** So much may a page have to load that takes all of the client, in bytes. */
export const LIMIT = 10_752

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

/** Size of what a page takes of the client, in bytes. */
export async function bundleSize(names: readonly string[]): Promise<number> {
  const contents = `export { ${names.join(', ')} } from './main.ts'`
  const bundle = await browserBundle({
    stdin: { contents, resolveDir: FOLDER },
    minify: true,
    format: 'esm',
    plugins: [LATER],
  })
  return gzipSync(bundle.contents, { level: 9 }).length
}

if (import.meta.main) {
  for (const [page, names] of Object.entries(PAGES)) {
    console.log(`${page}: ${await bundleSize(names)} bytes (${names.join(', ')})`)
  }
  if ((await bundleSize(PAGES.everything)) > LIMIT) {
    console.error(`More than ${LIMIT} bytes are too many for a page`)
    process.exitCode = 1
  }
}
