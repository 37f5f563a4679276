/** Redirections of uploads in a real browser, which follows those of bodies before a page can say anything about it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { type BrowserPage, type Chromium, startChromium } from './chromium.ts'
import { type PartsSite, startPartsSite } from './parts-site.ts'

/** Asked for by every upload of a page of another origin (Fetch §3.2). */
const ALLOWED = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': '*',
  'Access-Control-Allow-Headers': '*, Authorization',
  'Access-Control-Expose-Headers': '*',
}

const SHOWN = {
  Authorization: 'Bearer abc',
  'X-Session-ID': 'one',
  'X-Challenge-Response': 'challenge.mac',
}

interface Site extends AsyncDisposable {
  readonly origin: string
}

async function siteOf(listener: RequestListener): Promise<Site> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** What another server was sent, preflights aside. */
interface Seen {
  readonly method: string | undefined
  readonly bytes: number
  /** Of the fields that are shown to the slot's server. */
  readonly fields: readonly string[]
}

/** Notes what it is sent; `allowed` is what it says to pages of other origins. */
async function strangeSite(seen: Seen[], allowed: Record<string, string>): Promise<Site> {
  return await siteOf((request, response) => {
    let bytes = 0
    request.on('data', (piece: Buffer) => (bytes += piece.length))
    request.once('end', () => {
      const fields = Object.keys(SHOWN).filter((name) => name.toLowerCase() in request.headers)
      if (request.method !== 'OPTIONS') seen.push({ method: request.method, bytes, fields })
      response.writeHead(204, allowed).end()
    })
  })
}

/** A slot's server that answers by the status that is its path, and sends clients to the other. */
async function redirectingSite(to: string): Promise<Site> {
  return await siteOf((request, response) => {
    const isPreflight = 'access-control-request-method' in request.headers
    const status = isPreflight ? 200 : Number(request.url?.slice(1))
    request.resume().once('end', () => {
      response.writeHead(status, { ...ALLOWED, Location: `${to}/other` }).end()
    })
  })
}

/** An empty page that may connect to one origin only. */
async function strictSite(origin: string): Promise<Site> {
  const headers = {
    'Content-Type': 'text/html',
    'Content-Security-Policy': `connect-src ${origin}`,
  }
  return await siteOf((_, response) => {
    response.writeHead(200, headers).end('<!doctype html><title>Strict</title>')
  })
}

describe('In Chromium, the client', { timeout: 60_000 }, () => {
  const stack = new AsyncDisposableStack()
  let parts: PartsSite
  let chromium: Chromium

  before(async () => {
    parts = stack.use(await startPartsSite())
    chromium = stack.use(await startChromium())
  })
  after(async () => await stack.disposeAsync())

  async function pageAt(url: string): Promise<BrowserPage> {
    const page = await chromium.open(url)
    await page.ask('Runtime.evaluate', { expression: parts.script })
    return page
  }

  test('follows no redirection of a request without a body', async () => {
    const seen: Seen[] = []
    await using strange = await strangeSite(seen, ALLOWED)
    await using slot = await redirectingSite(strange.origin)
    const page = await pageAt(parts.url)
    for (const status of [301, 302, 303, 307, 308]) {
      for (const method of ['OPTIONS', 'PUT', 'HEAD', 'PATCH']) {
        const asked = `'${method}', '${slot.origin}/${status}', ${JSON.stringify(SHOWN)}`
        // A redirection that is not followed is an answer without a status (Fetch §4.4).
        assert.equal(await page.run(`parts.answerTo(${asked})`), '0')
      }
    }
    assert.deepEqual(seen, [])
  })

  const sent = JSON.stringify({ ...SHOWN, body: 'film' })

  test('ends when a body was redirected to a server that lets pages in: that gets the bytes, and never the credential of the slot', async () => {
    const seen: Seen[] = []
    await using strange = await strangeSite(seen, ALLOWED)
    await using slot = await redirectingSite(strange.origin)
    const page = await pageAt(parts.url)
    for (const status of [301, 302, 307, 308]) {
      const answer = await page.run(`parts.answerTo('PATCH', '${slot.origin}/${status}', ${sent})`)
      assert.equal(answer, `"UploadError: Redirected to ${strange.origin}/other"`)
      const fields = ['X-Session-ID', 'X-Challenge-Response']
      assert.deepEqual(seen.splice(0), [{ method: 'PATCH', bytes: 4, fields }])
    }
  })

  test('sends nothing to where a body is redirected if that server does not let pages in', async () => {
    const seen: Seen[] = []
    await using strange = await strangeSite(seen, {})
    await using slot = await redirectingSite(strange.origin)
    const page = await pageAt(parts.url)
    const answer = await page.run(`parts.answerTo('PATCH', '${slot.origin}/307', ${sent})`)
    assert.equal(answer, '"TypeError: The connection was lost"')
    assert.deepEqual(seen, [])
  })

  test('sends nothing to another server from a page whose policy names the upload’s own', async () => {
    const seen: Seen[] = []
    await using strange = await strangeSite(seen, ALLOWED)
    await using slot = await redirectingSite(strange.origin)
    await using strict = await strictSite(slot.origin)
    const page = await pageAt(strict.origin)
    const answer = await page.run(`parts.answerTo('PATCH', '${slot.origin}/307', ${sent})`)
    assert.equal(answer, '"TypeError: The connection was lost"')
    assert.deepEqual(seen, [])
    const own = await page.run(`parts.answerTo('PATCH', '${slot.origin}/204', ${sent})`)
    assert.equal(own, '204', 'the policy forbids nothing but that')
  })
})
