import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { browserBundle } from '../browser-bundle.ts'

/** A file as a web server sends it. */
export interface PageFile {
  readonly type: string
  readonly body: Uint8Array
}

const FOLDER = join(import.meta.dirname, '../../examples/web')
const CLIENT = join(import.meta.dirname, '../../src/client/browser/main.ts')

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The files of `examples/web` by their paths; its program is one script, the client included. */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>()
  files.set('/page.js', { type: 'text/javascript; charset=utf-8', body: await bundledPage() })
  for (const name of globSync('*.{css,html,svg}', { cwd: FOLDER })) {
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    const path = name === 'index.html' ? '/' : `/${name}`
    files.set(path, { type, body: await readFile(join(FOLDER, name)) })
  }
  return files
}

async function bundledPage(): Promise<Uint8Array> {
  const { contents } = await browserBundle({
    entryPoints: [join(FOLDER, 'page.ts')],
    // As in a project that has installed the package.
    alias: { 'hmac-file-server/client': CLIENT },
    format: 'esm',
    target: 'es2024',
  })
  return contents
}
