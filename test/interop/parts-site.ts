import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import { join } from 'node:path'
import { browserBundle } from '../../scripts/browser-bundle.ts'

/** An empty page, a worker that uploads, and paths that answer bodies in different ways. */
export interface PartsSite extends AsyncDisposable {
  readonly url: string
  /** Makes `parts` in a page, whatever its policy and its origin. */
  readonly script: string
}

const PROBLEM = JSON.stringify({ status: 409, code: 'offset-mismatch' })

/** What becomes of a PATCH, by its path. */
const PATCHES: Readonly<Record<string, RequestListener>> = {
  '/read': (request, response) => {
    request.resume().on('end', () => {
      const headers = { 'Content-Type': 'application/problem+json', 'X-Told': 'yes' }
      response.writeHead(409, headers).end(PROBLEM)
    })
  },
  '/lost': (request) => {
    request.once('data', () => request.destroy())
  },
  '/hole': () => {},
}

/** Serves them at 127.0.0.1. */
export async function startPartsSite(): Promise<PartsSite> {
  const worker = await bundled('uploading-worker.ts')
  const pages = new Map([
    ['/', { type: 'text/html', body: '<!doctype html><title>Parts</title>' }],
    ['/worker.js', { type: 'text/javascript', body: worker }],
  ])
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '')
    const patch = request.method === 'PATCH' ? PATCHES[request.url ?? ''] : undefined
    if (patch) patch(request, response)
    else if (page) response.writeHead(200, { 'Content-Type': page.type }).end(page.body)
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    script: await bundled('browser-parts.ts'),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function bundled(name: string): Promise<string> {
  const entry = join(import.meta.dirname, 'pages', name)
  const { text } = await browserBundle({
    entryPoints: [entry],
    format: 'iife',
    globalName: 'parts',
  })
  return text
}
