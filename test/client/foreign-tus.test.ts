/** Uploads to the reference server of tus, which knows nothing of slots. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import { upload } from '../../src/client/node/main.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { type CutKind, type CuttingProxy, cuttingProxy } from '../app/cutting-proxy.ts'
import { temporaryFolder } from '../app/site.ts'

const SIZE = 2_000_000

interface TusSite extends AsyncDisposable {
  readonly proxy: CuttingProxy
  readonly folder: string
}

/** The server behind a proxy that cuts the first connection in the middle. */
async function tusSite(kind: CutKind): Promise<TusSite> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder()).path
  const tus = new Server({
    path: '/files',
    datastore: new FileStore({ directory: folder }),
    relativeLocation: true,
  })
  const server = createServer((request, response) => void tus.handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxy = opened.use(await cuttingProxy(() => port, [{ at: SIZE / 2, kind }]))
  const kept = opened.move()
  return { proxy, folder, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

for (const kind of ['reset', 'lost-answer'] satisfies CutKind[]) {
  test(`tus's own server gets a file over a ${kind}, by its own protocol`, async () => {
    await using site = await tusSite(kind)
    const content = randomBytes(SIZE)
    const put = `http://127.0.0.1:${site.proxy.port}/files`
    const events: UploadEvent[] = []
    const onEvent = (event: UploadEvent): void => void events.push(event)
    await upload(new Blob([content]), { put, get: put }, { onEvent })
    const created = events.find((event) => event.kind === 'created')
    const name = created?.resource.split('/').at(-1) ?? ''
    assert.ok((await readFile(join(site.folder, name))).equals(content))
    assert.deepEqual(events[0], { kind: 'face', face: 'tus' })
    assert.equal(site.proxy.left(), 0)
  })
}
