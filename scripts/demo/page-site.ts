import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { isJsonObject } from '../../src/core/json-object.ts'
import type { Endpoint } from './demo-endpoints.ts'
import type { PageFile } from './page-files.ts'

/** What a site consists of. */
export interface Site {
  readonly files: ReadonlyMap<string, PageFile>
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** The other origin that its pages may talk to. */
  readonly uploads: string
}

/** A site that is served at 127.0.0.1. */
export interface RunningSite extends AsyncDisposable {
  readonly url: string
}

/** Serves a site of its own origin: files by GET, endpoints by POST of JSON, which other sites' pages cannot send. */
export async function startSite(site: Site, port: number): Promise<RunningSite> {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const file = request.method === 'GET' ? site.files.get(path) : undefined
    const endpoint = request.method === 'POST' ? site.endpoints.get(path) : undefined
    if (file) response.writeHead(200, headersOf(file, site)).end(file.body)
    else if (endpoint) answer(request, response, endpoint).catch(() => response.destroy())
    else response.writeHead(404).end()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address()
  return {
    url: `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : port}/`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Nothing runs and nothing is reached but what the page came with, and the server of the uploads. */
function headersOf({ type }: PageFile, { uploads }: Site): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${uploads}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]
  return {
    'Content-Type': type,
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  endpoint: Endpoint,
): Promise<void> {
  const isJson = request.headers['content-type'] === 'application/json'
  const asked = isJson ? parsed(await text(request)) : undefined
  const answered = isJsonObject(asked) ? await endpoint(asked) : undefined
  if (answered === undefined) return void response.writeHead(400).end()
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answered))
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
