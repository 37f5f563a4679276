import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { append, created, head, offsetOf } from './rufh-client.ts'
import { startSite } from './site.ts'
import { get, signedPut } from './slots.ts'
import { TUS, created as tusCreated, creation, patch } from './tus-client.ts'
import { contentOf, metricsOf } from './visits.ts'
import { ask } from './wire-client.ts'

/** How many requests took which way. */
async function takenBy(site: { readonly adminPort: number }): Promise<Record<string, number>> {
  const lines = (await metricsOf(site)).matchAll(
    /^hfs_http_lane_requests_total\{lane="(\w+)"\} (\d+)$/gmu,
  )
  return Object.fromEntries([...lines].map(([, lane, count]) => [lane, Number(count)]))
}

test('every request of an upload that goes on takes the lane, whichever protocol it speaks', async () => {
  await using site = await startSite(['admin.listen=127.0.0.1:0'])
  const put = signedPut('a/rufh.bin', randomBytes(1000))
  const target = await created(site, put)
  await ask(
    site.port,
    append(target, 8, { offset: 0, bytes: put.body.subarray(0, 400), isComplete: false }),
  )
  assert.equal(await offsetOf(site, target), 400)
  await ask(
    site.port,
    append(target, 8, { offset: 400, bytes: put.body.subarray(400), isComplete: true }),
  )
  assert.ok((await contentOf(site, 'a/rufh.bin')).equals(put.body))
  const given = await created(site, signedPut('a/given.bin', 'up'))
  assert.equal((await ask(site.port, { ...head(given, 8), method: 'DELETE' })).status, 204)
  assert.deepEqual(await takenBy(site), { fast: 7, ordinary: 0 })

  const upload = await tusCreated(site, creation('a/tus.bin', 'content'))
  assert.equal((await ask(site.port, patch(upload, 0, 'cont'))).status, 204)
  assert.equal((await ask(site.port, { method: 'HEAD', target: upload, headers: TUS })).status, 200)
  assert.equal((await ask(site.port, patch(upload, 4, 'ent'))).status, 204)
  const options = { method: 'OPTIONS', target: get('a/tus.bin').target }
  assert.equal((await ask(site.port, options)).status, 200)
  assert.deepEqual(await takenBy(site), { fast: 12, ordinary: 0 })
})
