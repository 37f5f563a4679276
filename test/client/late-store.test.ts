import assert from 'node:assert/strict'
import test from 'node:test'
import { lateForgetting } from '../../src/client/late-forgetting.ts'
import { forgetting } from '../../src/client/forgetting.ts'
import type { Platform, UploadStore } from '../../src/client/platform.ts'
import { uploading } from '../../src/client/upload.ts'
import { hurriedTime, manualTime } from './manual-time.ts'
import { memoryStore } from './memory-store.ts'
import { type ScriptedLine, type ScriptedTransport, scripted } from './scripted-transport.ts'
import { DONE, RUFH, SLOT, created, stands } from './scripted-upload.ts'
import { toldNetwork } from './told-network.ts'

const REASON = new TypeError('Failed to fetch dynamically imported module')

const FILM = new File([new Uint8Array(300_000)], 'film.mp4')

/** Without a session, and remembered by this name. */
const PLAINLY = { session: 'none', id: 'film' } as const

interface Scene extends Pick<ScriptedTransport, 'asked'> {
  readonly platform: Platform
}

/** A platform whose store comes after so many losses, and whose server follows a script. */
function sceneOf(store: UploadStore, losses: number, lines: readonly ScriptedLine[]): Scene {
  const { transport, asked } = scripted(lines)
  let left = losses
  async function load(): Promise<UploadStore> {
    left -= 1
    return left < 0 ? store : await Promise.reject(REASON)
  }
  return { asked, platform: { transport, network: toldNetwork(), store: load } }
}

/** A store that remembers an upload of the film which stands in its middle. */
async function storeAfterReload(): Promise<UploadStore> {
  const store = memoryStore()
  const page = new AbortController()
  const { platform } = sceneOf(store, 0, [RUFH, created('a'), stands(262_144)])
  const left = uploading(platform, hurriedTime())(FILM, SLOT, {
    ...PLAINLY,
    signal: page.signal,
    onEvent: ({ kind }) => kind === 'stands' && page.abort(new Error('The page is reloaded')),
  })
  await assert.rejects(left, /reloaded/u)
  return store
}

/** A slot that may not be asked for. */
async function noSlot(): Promise<never> {
  return await Promise.reject(new Error('A new slot was asked for'))
}

test('an upload waits for the store that it is remembered in, and goes on at the byte', async () => {
  const { platform, asked } = sceneOf(await storeAfterReload(), 3, [stands(262_144), DONE])
  const { url } = await uploading(platform, hurriedTime())(FILM, noSlot, PLAINLY)
  assert.equal(url, SLOT.get)
  assert.deepEqual(asked, ['HEAD /-/uploads/a', 'PATCH /-/uploads/a 37856'])
})

test('an upload whose store never comes says so, and what is remembered of it goes on another time', async () => {
  const store = await storeAfterReload()
  const { platform, asked } = sceneOf(store, 12, [stands(262_144), DONE])
  const upload = uploading(platform, hurriedTime())
  const ended = { name: 'UploadError', code: 'out-of-tries', cause: REASON }
  await assert.rejects(upload(FILM, noSlot, PLAINLY), ended)
  assert.deepEqual(asked, [])
  await upload(FILM, noSlot, PLAINLY)
  assert.equal(asked[0], 'HEAD /-/uploads/a')
})

test('an upload that wants no store waits for none', async () => {
  const { platform } = sceneOf(memoryStore(), Infinity, [{ status: 405 }, { status: 201 }])
  const { url } = await uploading(platform)(FILM, SLOT, { store: false })
  assert.equal(url, SLOT.get)
})

test('an upload that is given up while its store does not come ends at once', async () => {
  const asked = Promise.withResolvers<void>()
  const { platform } = sceneOf(memoryStore(), 0, [])
  const store = async (): Promise<never> => {
    asked.resolve()
    return await new Promise(() => {})
  }
  const giving = new AbortController()
  const begun = uploading({ ...platform, store }, manualTime())(FILM, SLOT, giving)
  await asked.promise
  giving.abort(new Error('enough'))
  await assert.rejects(begun, /enough/u)
})

test('what is remembered in a store that comes later is forgotten, and the server is told', async () => {
  const store = await storeAfterReload()
  const { platform, asked } = sceneOf(store, 1, [{ status: 204 }])
  await forgetting(platform)('film')
  assert.deepEqual(asked, ['DELETE /-/uploads/a'])
  assert.equal(await store.load('film'), undefined)
})

test('nothing is forgotten before the code is there that tells the server', async () => {
  const { platform } = sceneOf(memoryStore(), 0, [])
  const told: string[] = []
  let tries = 0
  const forget = lateForgetting(async () => {
    tries += 1
    if (tries < 3) throw REASON
    return { forgetting: () => async (id) => void told.push(`${id} after ${tries} tries`) }
  }, platform)
  await forget('film')
  assert.deepEqual(told, ['film after 3 tries'])
})

test('who gives an upload up is told if the code for it does not come', async (t) => {
  const patience = new AbortController()
  t.mock.method(AbortSignal, 'timeout', () => patience.signal)
  const { platform } = sceneOf(memoryStore(), 0, [])
  const asked = Promise.withResolvers<void>()
  const forgotten = lateForgetting(async () => {
    asked.resolve()
    return await new Promise(() => {})
  }, platform)('film')
  await asked.promise
  patience.abort(new DOMException('Too late', 'TimeoutError'))
  await assert.rejects(forgotten, { name: 'TimeoutError' })
})
