/**
 * Serves the page at 127.0.0.1, and slots to it: what an XMPP server does for its users, a site can do for its own.
 * A site that others reach asks who they are before it gives them a slot.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import process from 'node:process'
import { json } from 'node:stream/consumers'
import type { Slot } from './slot.ts'

const { UPLOAD_URL = 'http://127.0.0.1:5050/', SECRET_FILE = '../../data/secret' } = process.env
const { PORT = '8080' } = process.env

const FILES: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
}

/** Nothing but the page's own files, and requests to the server of the uploads. */
const POLICY = `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;
  connect-src 'self' ${new URL(UPLOAD_URL).origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`.replaceAll(
  /\s+/gu,
  ' ',
)

const secret = (await readFile(SECRET_FILE, 'utf8')).trim()

/** As Prosody's `mod_http_upload_external` signs it: path and size (scheme v1). */
function signedSlot(name: string, size: number): Slot {
  const folder = randomUUID()
  const signature = createHmac('sha256', secret).update(`${folder}/${name} ${size}`).digest('hex')
  const get = new URL(`${folder}/${encodeURIComponent(name)}`, UPLOAD_URL).href
  return { put: `${get}?v=${signature}`, get }
}

async function giveSlot(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Pages of other sites cannot send JSON here.
  const isJson = request.headers['content-type'] === 'application/json'
  const asked: unknown = isJson ? await json(request) : undefined
  const { name, size }: { name?: unknown; size?: unknown } = { ...Object(asked) }
  const isFile = typeof name === 'string' && typeof size === 'number' && Number.isSafeInteger(size)
  if (!isFile) return void response.writeHead(400).end()
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(signedSlot(name, size)))
}

async function giveFile(path: string, response: ServerResponse): Promise<void> {
  const [name, type] = FILES[path] ?? []
  if (name === undefined) return void response.writeHead(404).end()
  const content = await readFile(new URL(name, import.meta.url))
  response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY }).end(content)
}

const server = createServer((request, response) => {
  const { method, url = '' } = request
  const given =
    method === 'POST' && url === '/slot' ? giveSlot(request, response) : giveFile(url, response)
  given.catch(() => response.destroy())
})
server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : PORT
  console.log(`Open http://127.0.0.1:${port}/ in a browser. Ctrl-C ends it.`)
})
