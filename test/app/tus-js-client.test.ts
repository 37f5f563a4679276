import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { Upload, type UploadOptions } from 'tus-js-client'
import type { CutKind } from './cutting-proxy.ts'
import { type ProxiedSite, proxiedSite } from './proxied-site.ts'
import { auditOf } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { contentOf } from './visits.ts'

const PATH = 'a1b2/photo of you.jpg'
const SIZE = 3_000_000

/** What the requests of a whole upload may cost beside its bytes. */
const HEADS = 10_000

/** Uploads as the client does; resolves when it says that it is done. */
async function upload(
  { proxy }: Pick<ProxiedSite, 'proxy'>,
  put: SignedPut,
  more: UploadOptions & { readonly protocol?: string; readonly body?: Buffer | Readable } = {},
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const { body = put.body, ...chosen } = more
  const options = {
    endpoint: `http://127.0.0.1:${proxy.port}${put.target}`,
    headers: put.headers,
    retryDelays: [0, 10, 50, 100, 100],
    metadata: { filename: 'photo.jpg', filetype: 'image/jpeg' },
    onSuccess: () => resolve(),
    onError: reject,
    ...chosen,
  }
  new Upload(body, options).start()
  await promise
}

async function assertPublished({ site }: ProxiedSite, content: Buffer): Promise<void> {
  assert.ok((await contentOf(site, PATH)).equals(content))
  await site.server.shutdown()
  const published = (await auditOf(site.folder)).filter(({ event }) => event === 'published')
  assert.equal(published.length, 1)
}

for (const protocol of ['tus-v1', 'ietf-draft-03', 'ietf-draft-05']) {
  describe(`tus-js-client, speaking ${protocol},`, () => {
    for (const kind of ['reset', 'hole'] satisfies CutKind[]) {
      test(`comes through a connection that ends by a ${kind}, and through another`, async () => {
        const at = [1_000_000, 2_500_000]
        await using here = await proxiedSite(at.map((byte) => ({ at: byte, kind })))
        const put = signedPut(PATH, randomBytes(SIZE))
        await upload(here, put, { protocol })
        assert.equal(here.proxy.left(), 0)
        await assertPublished(here, put.body)
      })
    }

    test('learns of an answer that was lost, without sending a byte again', async () => {
      await using here = await proxiedSite([{ at: SIZE, kind: 'lost-answer' }])
      const put = signedPut(PATH, randomBytes(SIZE))
      await upload(here, put, { protocol })
      assert.equal(here.proxy.left(), 0)
      assert.ok(here.proxy.passed() < SIZE + HEADS, `${here.proxy.passed()} bytes`)
      await assertPublished(here, put.body)
    })

    test('uploads in pieces', async () => {
      await using here = await proxiedSite([{ at: 1_234_567, kind: 'hole' }])
      const put = signedPut(PATH, randomBytes(SIZE))
      await upload(here, put, { protocol, chunkSize: 500_000 })
      await assertPublished(here, put.body)
    })
  })
}

describe('tus-js-client', () => {
  test('sends the first bytes with the creation, and starts over if that is cut', async () => {
    await using here = await proxiedSite([{ at: 1_000_000, kind: 'hole' }])
    const put = signedPut(PATH, randomBytes(SIZE))
    await upload(here, put, { uploadDataDuringCreation: true })
    await assertPublished(here, put.body)
  })

  test('uploads a file of no bytes', async () => {
    await using here = await proxiedSite([])
    const put = signedPut(PATH, '')
    await upload(here, put)
    await assertPublished(here, put.body)
  })

  test('sends what it does not know the length of yet, where the grant does', async () => {
    await using here = await proxiedSite([{ at: 1_000_000, kind: 'hole' }])
    const put = signedPut(PATH, randomBytes(SIZE), { scheme: 'jwt' })
    const body = Readable.from([put.body], { objectMode: false })
    await upload(here, put, { uploadLengthDeferred: true, chunkSize: 700_000, body })
    await assertPublished(here, put.body)
  })

  test('sends POST where PATCH is not possible', async () => {
    await using here = await proxiedSite([{ at: 1_000_000, kind: 'hole' }])
    const put = signedPut(PATH, randomBytes(SIZE))
    await upload(here, put, { overridePatchMethod: true })
    await assertPublished(here, put.body)
  })

  test('gives an upload up', async () => {
    await using here = await proxiedSite([])
    const put = signedPut(PATH, randomBytes(SIZE))
    const url = Promise.withResolvers<string>()
    const endpoint = `http://127.0.0.1:${here.proxy.port}${put.target}`
    const some: Upload = new Upload(put.body, {
      endpoint,
      chunkSize: 1_000_000,
      onChunkComplete: () => url.resolve(some.url ?? ''),
    })
    some.start()
    await url.promise
    await some.abort(true)
    await upload(here, put)
    await assertPublished(here, put.body)
  })
})
