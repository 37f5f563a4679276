/** The examples of the protocol's text: what a session shows of itself, and what a refresh gives. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { proxiedSite } from '../app/proxied-site.ts'
import { temporaryFolder } from '../app/site.ts'
import { pageOf, slotFor, unpackGuide } from './guide.ts'

/** The JSON in the answer of an example. */
function exampleOf(request: string): unknown {
  const [, example = ''] = pageOf('xep-resilient-upload.md').split(`\n${request} HTTP/1.1\n`)
  return JSON.parse(/^\{\n[^]*?^\}$/mu.exec(example)?.[0] ?? assert.fail(request))
}

/** What kind of value stands where; of a list, in its first entry. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]))
}

test('a session shows what the example shows, gives what the example gives, and ends', async () => {
  await using folder = await temporaryFolder()
  const photo = await unpackGuide(folder.path)
  await using both = await proxiedSite([])
  const { url } = slotFor(photo, both.proxy.port)
  const { boundFetch, newSession } = await import(
    pathToFileURL(join(folder.path, 'session.mjs')).href
  )
  const send = boundFetch(newSession())
  const created: Response = await send(url, {
    method: 'PUT',
    headers: {
      'User-Agent': 'Conversations/2.19.5',
      'Content-Type': 'image/jpeg',
      'Upload-Complete': '?0',
      'Upload-Length': String(photo.length),
    },
  })
  const upload = created.headers.get('Location') ?? assert.fail('no upload')
  const session = upload.replace(/uploads\/.*$/u, 'session')

  const shown: Response = await send(session, { method: 'GET' })
  assert.deepEqual(shapeOf(await shown.json()), shapeOf(exampleOf('GET /-/session')))
  const refreshed: Response = await send(`${session}/refresh`, { method: 'POST' })
  assert.deepEqual(shapeOf(await refreshed.json()), shapeOf(exampleOf('POST /-/session/refresh')))
  const ended: Response = await send(session, { method: 'DELETE' })
  assert.equal(ended.status, 204)
  const gone: Response = await send(session, { method: 'GET' })
  assert.equal(gone.status, 401)
})
