import assert from 'node:assert/strict'
import test from 'node:test'
import { forgetting } from '../../src/client/forgetting.ts'
import type { Platform, UploadStore } from '../../src/client/platform.ts'
import { uploading } from '../../src/client/upload.ts'
import { manualTime } from './manual-time.ts'
import { memoryStore } from './memory-store.ts'
import { toldNetwork } from './told-network.ts'

const SLOT = { put: 'https://files.example/a/film.mp4', get: 'https://files.example/a/film.mp4' }

/** A platform whose server speaks nothing but PUT, and whose store comes later, or not at all. */
function platformWith(store: () => Promise<UploadStore>): Platform {
  return {
    transport: async ({ method }) => ({
      status: method === 'PUT' ? 201 : 405,
      headers: new Headers(),
    }),
    network: toldNetwork(),
    store,
  }
}

test('an upload whose store is not to be had is remembered nowhere, and does not fail for it', async () => {
  const upload = uploading(platformWith(async () => await Promise.reject(new TypeError('No code'))))
  const { url } = await upload(new File(['film'], 'film.mp4'), SLOT)
  assert.equal(url, SLOT.get)
})

test('an upload that is given up waits a second for its store', async () => {
  const asked = Promise.withResolvers<void>()
  const platform = platformWith(async () => {
    asked.resolve()
    return await new Promise(() => {})
  })
  const time = manualTime()
  const giving = new AbortController()
  const begun = uploading(platform, time)(new File(['film'], 'film.mp4'), SLOT, giving)
  await asked.promise
  giving.abort(new Error('enough'))
  time.pass(1000)
  await assert.rejects(begun, /enough/u)
})

test('what is remembered where the store is not to be had is not said to be forgotten', async () => {
  const forget = forgetting(
    platformWith(async () => await Promise.reject(new TypeError('No code'))),
  )
  await assert.rejects(forget('film'), /No code/u)
})

test('what is remembered in a store that comes later is forgotten', async () => {
  const store = memoryStore()
  await store.save('film', { offset: 1 })
  await forgetting(platformWith(async () => store))('film')
  assert.equal(await store.load('film'), undefined)
})
