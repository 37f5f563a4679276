/** tus-js-client and Uppy in a real browser, on a page of another origin, over connections that break. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Cut, type CutKind, cuttingProxy } from '../app/cutting-proxy.ts'
import { type BrowserPage, startChromium } from './chromium.ts'
import { startFileServer } from './file-server.ts'
import { get } from './http-client.ts'
import { type PageServer, startPageServer } from './page-server.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { signedUrl } from './signed-url.ts'

const SIZE = 12_000_000
const PATH = 'browser/film äöü.mp4'
const TYPE = 'video/mp4'
/** No time-out of the server's may be what ends a silent connection. */
const PATIENT = { http: { body_idle: '10m' } }

const random = seededRandom(seedOfThisRun())
const content = random.bytes(SIZE)
const sha256 = createHash('sha256').update(content).digest('hex')

interface Uploader {
  readonly name: string
  readonly call: string
  readonly more?: Readonly<Record<string, string>>
}

interface Report {
  readonly outcome: string
  readonly requests: readonly { readonly method: string; readonly offset?: number }[]
}

const UPLOADERS: readonly Uploader[] = [
  { name: 'tus-js-client', call: 'byTus', more: { protocol: 'tus-v1' } },
  { name: 'tus-js-client (draft 03)', call: 'byTus', more: { protocol: 'ietf-draft-03' } },
  { name: 'tus-js-client (draft 05)', call: 'byTus', more: { protocol: 'ietf-draft-05' } },
  { name: 'Uppy', call: 'byUppy' },
  { name: 'our client', call: 'byOurs' },
]

/** Those that tell the server the file's type. */
const TYPED = new Set(['tus-js-client', 'Uppy'])

const KINDS: readonly (readonly [kind: CutKind, words: string])[] = [
  ['reset', 'is reset'],
  ['hole', 'stays open and silent at the server'],
  ['lost-answer', 'ends before the answer'],
]

/** Two cuts, or one between the last byte and the answer. */
function cutsOf(kind: CutKind): readonly Cut[] {
  if (kind === 'lost-answer') return [{ at: SIZE, kind }]
  const [first, second] = [random.integer(1, SIZE / 2), random.integer(SIZE / 2, SIZE)]
  return [first, second].map((at) => ({ at, kind }))
}

/** Created once, and no request for bytes began earlier than one before; returns where the last one began. */
function assertWentOn(requests: Report['requests'], told: string): number {
  const [first, ...later] = requests
  assert.match(String(first?.method), /^(?:POST|PUT)$/u, told)
  assert.ok(
    later.every(({ method }) => method === 'HEAD' || method === 'PATCH'),
    told,
  )
  const offsets = later.flatMap(({ offset }) => (offset === undefined ? [] : [offset]))
  assert.ok(offsets.length > 0, told)
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  )
  return offsets.at(-1) ?? 0
}

describe(`In Chromium (SEED=${random.seed})`, { timeout: 300_000 }, () => {
  const stack = new AsyncDisposableStack()
  let pages: PageServer
  let page: BrowserPage
  /** Where the last request of each upload began. */
  const lastStarts: number[] = []

  before(async () => {
    pages = stack.use(await startPageServer(content))
    const chromium = stack.use(await startChromium())
    page = await chromium.open(pages.url)
  })
  after(async () => await stack.disposeAsync())

  async function assertArrives(uploader: Uploader, kind: CutKind): Promise<void> {
    let port = 0
    await using proxy = await cuttingProxy(() => port, cutsOf(kind))
    const publicUrl = `http://127.0.0.1:${proxy.port}/upload/`
    await using server = await startFileServer({ publicUrl, config: PATIENT })
    ;({ port } = server)
    const endpoint = signedUrl({ publicUrl }, PATH, SIZE)
    const job = { source: `${pages.url}file`, endpoint, name: 'film.mp4', type: TYPE }
    const call = JSON.stringify({ ...job, ...uploader.more })
    const answer = await page.run(`uploader.${uploader.call}(${call})`)
    const { outcome, requests }: Report = JSON.parse(answer)
    assert.equal(outcome, 'complete', server.program.log())
    assert.equal(proxy.left(), 0, 'every cut was made')
    const stored = await get(`http://127.0.0.1:${port}/upload/${encodeURI(PATH)}`)
    assert.deepEqual([stored.status, stored.sha256], [200, sha256])
    if (TYPED.has(uploader.name)) assert.equal(stored.headers['content-type'], TYPE)
    lastStarts.push(assertWentOn(requests, answer))
  }

  for (const uploader of UPLOADERS) {
    for (const [kind, words] of KINDS) {
      test(`${uploader.name} comes through a connection that ${words}`, async () => {
        await assertArrives(uploader, kind)
      })
    }
  }

  test('more than half of the uploads that were cut went on past the first byte', () => {
    // Not all: a cut takes with it what the server had not read yet.
    assert.equal(lastStarts.length, UPLOADERS.length * KINDS.length)
    const late = lastStarts.filter((offset) => offset > 0)
    assert.ok(late.length > UPLOADERS.length, String(lastStarts))
  })
})
