/** The client in a page whose bundler made pieces of it: what is not needed at once comes when it is used, or again. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { build } from 'esbuild'
import { type WebDemo, startWebDemo } from '../../scripts/demo/web-demo.ts'
import { type BrowserPage, startChromium } from './chromium.ts'
import { startTusServer } from './foreign/tus-server.ts'
import { get } from './http-client.ts'
import { tempFolder } from './temp-folder.ts'

const FOLDER = join(import.meta.dirname, '../../src/client/browser')

/** A page and the pieces of the client. */
interface PiecesSite extends AsyncDisposable {
  readonly url: string
  /** Pieces that were asked for, without what tells their versions apart. */
  readonly asked: string[]
  /** So often is a piece of this name refused. */
  readonly refuse: (name: string, times: number) => void
}

async function startPiecesSite(): Promise<PiecesSite> {
  const pieces = await piecesOfClient()
  const asked: string[] = []
  const refused = new Map<string, number>()
  const server = createServer((request, response) => {
    const file = basename(request.url ?? '')
    const piece = pieces.get(file)
    if (!piece)
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
    const [name = ''] = file.split('-')
    asked.push(name)
    const left = refused.get(name) ?? 0
    refused.set(name, left - 1)
    if (left > 0) return void response.writeHead(503).end()
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(piece)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    asked,
    refuse: (name, times) => void refused.set(name, times),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function piecesOfClient(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'main.ts')],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: FOLDER,
    write: false,
    chunkNames: '[name]-[hash]',
  })
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
}

const SIZE = 3 * 2 ** 20

/** Bytes of requests besides the file. */
const HEADS = 100_000

/** Bytes per second at which the file takes a while. */
const SLOW = 1_500_000

const CONTENT = Uint8Array.from({ length: SIZE }, (_, at) => at * 31 + (at >> 8))

/** What the page tells of an upload. */
interface Told {
  readonly kinds: readonly string[]
  /** Where each request with bytes began. */
  readonly from: readonly number[]
  /** How far the server stood before, and what was told of that last. */
  readonly stood: readonly number[]
}

/** In the page: the same file each time, and what an upload tells. */
const SCRIPT = `
globalThis.film = new File(
  [Uint8Array.from({ length: ${SIZE} }, (_, at) => at * 31 + (at >> 8))],
  'film.bin',
  { lastModified: 1 },
)
globalThis.told = { kinds: [], from: [], stood: [] }
globalThis.begin = async (slot, options) => {
  const { upload } = await import('/main.js')
  globalThis.told = { kinds: [], from: [], stood: [] }
  await upload(film, slot, { ...options, onEvent: (event) => {
    if (event.kind !== 'sent') told.kinds.push(event.kind)
    if (event.kind === 'sending') told.from.push(event.offset)
    if (event.kind === 'stands') told.stood.push(event.offset)
    options?.onEvent?.(event)
  } })
  return told
}`

describe('In a page that has the client in pieces', { timeout: 60_000 }, () => {
  const stack = new AsyncDisposableStack()
  let site: PiecesSite
  let demo: WebDemo
  let page: BrowserPage
  let passed = 0

  before(async () => {
    site = stack.use(await startPiecesSite())
    const { path } = stack.use(await tempFolder('pieces'))
    demo = stack.use(await startWebDemo(path))
    demo.network.onPassed((bytes) => (passed += bytes))
    page = await stack.use(await startChromium()).open(site.url)
    await page.ask('Runtime.evaluate', { expression: SCRIPT })
  })
  after(async () => await stack.disposeAsync())

  function slotFor(path: string): string {
    return JSON.stringify({
      put: demo.server.slot(path, SIZE),
      get: demo.server.fileUrl(path),
    })
  }

  async function uploaded(slot: string, options: object = {}): Promise<Told> {
    const told: Told = JSON.parse(await page.run(`begin(${slot}, ${JSON.stringify(options)})`))
    assert.equal(told.kinds.at(-1), 'published')
    return told
  }

  /** How often a piece is asked for meanwhile. */
  async function askedFor(name: string, meanwhile: () => Promise<unknown>): Promise<number> {
    const earlier = site.asked.length
    await meanwhile()
    return site.asked.slice(earlier).filter((each) => each === name).length
  }

  async function assertArrived(path: string): Promise<void> {
    const { status, sha256 } = await get(demo.server.fileUrl(path))
    assert.deepEqual([status, sha256], [200, createHash('sha256').update(CONTENT).digest('hex')])
  }

  test('an upload waits for what remembers it; the next one has it', async () => {
    site.refuse('indexed', 1)
    site.refuse('saved', 1)
    const { kinds } = await uploaded(slotFor('pieces/one.bin'))
    assert.deepEqual(kinds.slice(0, 3), ['lost', 'lost', 'face'])
    await uploaded(slotFor('pieces/two.bin'))
    for (const name of ['indexed', 'saved']) {
      assert.equal(site.asked.filter((each) => each === name).length, 2, name)
    }
    await assertArrived('pieces/one.bin')
  })

  test('an upload bound to a key of its own goes up when the code for that came at last', async () => {
    site.refuse('dpop', 3)
    const earlier = passed
    const asked = await askedFor('dpop', async () => {
      const { kinds, from } = await uploaded(slotFor('pieces/bound.bin'), { session: 'dpop' })
      assert.equal(kinds.filter((kind) => kind === 'lost').length, 3)
      assert.ok(kinds.includes('bound'))
      assert.deepEqual(from, [...new Set(from)])
    })
    assert.equal(asked, 4)
    assert.ok(passed - earlier < SIZE + HEADS)
    await assertArrived('pieces/bound.bin')
  })

  test('an upload to a server that speaks tus alone goes up when the code for that came at last', async () => {
    await using server = await startTusServer()
    site.refuse('tus', 3)
    const put = `http://127.0.0.1:${server.port}/files`
    const asked = await askedFor('tus', async () => {
      const { kinds, from } = await uploaded(JSON.stringify({ put, get: put }))
      assert.deepEqual(kinds.filter((kind) => kind === 'lost').length, 3)
      assert.equal(kinds[0], 'face')
      assert.deepEqual(from, [...new Set(from)])
    })
    assert.equal(asked, 4)
    assert.ok((await server.published(put)).equals(CONTENT))
  })

  test('an upload goes on at the byte after a reload, when what remembers it came at last', async () => {
    demo.network.limit(SLOW)
    const slot = slotFor('pieces/reloaded.bin')
    const middle = `new Promise((resolve, reject) => {
      const onEvent = ({ kind, offset }) => kind === 'stands' && offset > 0 && resolve(offset)
      begin(${slot}, { onEvent }).catch(reject)
    })`
    const stood = Number(await page.run(middle))
    assert.ok(stood < SIZE)
    await page.reloaded(async () => await page.ask('Page.reload', {}))
    await page.ask('Runtime.evaluate', { expression: SCRIPT })
    demo.network.limit(Infinity)
    const earlier = passed
    site.refuse('indexed', 1)
    site.refuse('saved', 1)
    const noSlot = "async () => { throw new Error('A new slot was asked for') }"
    const told = await uploaded(noSlot)
    assert.deepEqual(told.kinds.slice(0, 3), ['lost', 'lost', 'restored'])
    assert.ok((told.stood[0] ?? 0) >= stood)
    assert.equal(told.from[0], told.stood[0])
    assert.ok(passed - earlier < SIZE - stood + HEADS)
    await assertArrived('pieces/reloaded.bin')
  })

  test('a download asks for its code when it begins, and again until it is there', async () => {
    assert.ok(!site.asked.includes('download'))
    site.refuse('download', 2)
    const url = demo.server.fileUrl('pieces/one.bin')
    const fetched = `async ({ download }) => (await (await download('${url}')).blob()).size`
    assert.equal(await page.run(`import('/main.js').then(${fetched})`), String(SIZE))
    assert.equal(site.asked.filter((name) => name === 'download').length, 3)
  })
})
