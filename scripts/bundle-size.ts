/**
 * `npm run size`: what the client adds to a page, bundled and minified by esbuild, compressed by gzip. Exits with 1 if
 * a page that uploads has to load more than it may.
 */
import { join } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const FOLDER = join(import.meta.dirname, '../src/client/browser')

/** So much may a page that uploads have to load, in bytes. */
export const UPLOAD_LIMIT = 8192

/** Pages, by what they take of the client. */
export const PAGES = {
  upload: ['upload', 'uploadAll', 'UploadError'],
  download: ['download', 'UploadError'],
  everything: ['upload', 'uploadAll', 'download', 'UploadError'],
} as const

/** Size of what a page takes of the client, in bytes. */
export async function bundleSize(names: readonly string[]): Promise<number> {
  const contents = `export { ${names.join(', ')} } from './main.ts'`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: FOLDER },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  })
  const [bundle] = outputFiles
  if (!bundle) throw new Error('esbuild made nothing')
  return gzipSync(bundle.contents, { level: 9 }).length
}

if (import.meta.main) {
  for (const [page, names] of Object.entries(PAGES)) {
    console.log(`${page}: ${await bundleSize(names)} bytes (${names.join(', ')})`)
  }
  if ((await bundleSize(PAGES.upload)) > UPLOAD_LIMIT) {
    console.error(`More than ${UPLOAD_LIMIT} bytes are too many for a page that uploads`)
    process.exitCode = 1
  }
}
