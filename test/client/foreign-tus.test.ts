/** Uploads to the reference server of tus, which knows nothing of slots. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { upload } from '../../src/client/node/main.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { type CutKind, cuttingProxy } from '../app/cutting-proxy.ts'
import { startTusServer } from '../interop/foreign/tus-server.ts'

const SIZE = 2_000_000

for (const kind of ['reset', 'lost-answer'] satisfies CutKind[]) {
  test(`tus's own server gets a file over a ${kind}, by its own protocol`, async () => {
    await using server = await startTusServer()
    await using proxy = await cuttingProxy(() => server.port, [{ at: SIZE / 2, kind }])
    const content = randomBytes(SIZE)
    const put = `http://127.0.0.1:${proxy.port}/files`
    const events: UploadEvent[] = []
    const onEvent = (event: UploadEvent): void => void events.push(event)
    const { url } = await upload(new Blob([content]), { put, get: put }, { onEvent })
    assert.ok((await server.published(url)).equals(content))
    assert.deepEqual(events[0], { kind: 'face', face: 'tus' })
    assert.equal(proxy.left(), 0)
  })
}
