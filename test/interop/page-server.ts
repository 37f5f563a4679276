import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { browserBundle } from '../../scripts/browser-bundle.ts'

/** A site of its own origin, whose one page uploads to another. */
export interface PageServer extends AsyncDisposable {
  readonly url: string
}

const PAGE = '<!doctype html><meta charset="utf-8"><script src="uploader.js"></script>'

/** Serves a page with the uploaders as the global `uploader`, and the content as `/file`. */
export async function startPageServer(content: Buffer): Promise<PageServer> {
  const script = await bundledUploader()
  const files = new Map<string, readonly [type: string, body: string | Uint8Array]>([
    ['/', ['text/html', PAGE]],
    ['/uploader.js', ['text/javascript', script]],
    ['/file', ['application/octet-stream', content]],
  ])
  const server = createServer((request, response) => {
    const found = files.get(request.url ?? '')
    if (!found) return void response.writeHead(404).end()
    const [type, body] = found
    response.writeHead(200, { 'Content-Type': type }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function bundledUploader(): Promise<Uint8Array> {
  const { contents } = await browserBundle({
    entryPoints: [join(import.meta.dirname, 'pages/uploader.ts')],
    format: 'iife',
    globalName: 'uploader',
  })
  return contents
}
