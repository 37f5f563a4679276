/** Uploads by the SDK to a finished server, over connections that fail. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { upload } from '../../src/client/node/main.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { Cut, CutKind } from '../app/cutting-proxy.ts'
import { proxiedSite } from '../app/proxied-site.ts'
import { signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'

const PATH = 'a1b2/holiday film.mp4'
const SIZE = 3_000_000

for (const kind of ['reset', 'hole', 'lost-answer'] satisfies CutKind[]) {
  test(`an upload comes through a ${kind}, and goes on where the server stands`, async () => {
    const cuts: Cut[] = [{ at: SIZE / 2, kind }]
    await using here = await proxiedSite(cuts)
    const content = randomBytes(SIZE)
    const { target } = signedPut(PATH, content)
    const origin = `http://127.0.0.1:${here.proxy.port}`
    const slot = { put: `${origin}${target}`, get: `${origin}/x` }
    const events: UploadEvent[] = []
    await upload(new Blob([content]), slot, { onEvent: (event) => void events.push(event) })
    assert.equal(here.proxy.left(), 0)
    assert.ok((await contentOf(here.site, PATH)).equals(content))
  })
}
