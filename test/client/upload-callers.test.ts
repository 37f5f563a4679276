/** What an upload does when its caller ends it, or gives it what cannot be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Slot } from '../../src/client/slot.ts'
import type { Source } from '../../src/client/source.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { uploadingAll } from '../../src/client/upload-list.ts'
import { uploading } from '../../src/client/upload.ts'
import { memoryStore } from './memory-store.ts'
import { type ScriptedLine, scripted } from './scripted-transport.ts'
import {
  type Attempted,
  DONE,
  LEVEL3,
  RUFH,
  SLOT,
  SMALL,
  attempt,
  created,
  stands,
} from './scripted-upload.ts'
import { toldNetwork } from './told-network.ts'

for (const limit of [0, -1, NaN, 1.5]) {
  test(`${limit} at a time is a mistake of the caller’s`, async () => {
    const uploadAll = uploadingAll(uploading({ ...scripted([RUFH]), network: toldNetwork() }))
    const jobs = [{ source: SMALL, slot: SLOT }]
    await assert.rejects(uploadAll(jobs, { limit }), RangeError)
  })
}

test('what is neither a blob nor a source is told so at once', async () => {
  const upload = uploading({ ...scripted([RUFH]), network: toldNetwork() })
  for (const wrong of [42, 'film.mp4', {}, { size: NaN }, { size: -1 }]) {
    await assert.rejects(Reflect.apply(upload, undefined, [wrong, SLOT]), {
      name: 'TypeError',
      message: 'source: neither a Blob nor a Source',
    })
  }
})

test('a source that gives other bytes than asked for has changed', async () => {
  const file: Source = {
    size: 300_000,
    slice: (start) => new Blob(['x'.repeat(start ? 3 : 262_144)]),
  }
  const one = attempt([RUFH, created('a'), stands(262_144)], { file })
  await assert.rejects(one.uploaded, {
    code: 'source-changed',
    message: 'The source gave 3 bytes, not 37856',
  })
})

test('a source that cannot be read any more is the reason, not the connection', async () => {
  const cause = new Error('gone')
  const file: Source = { size: 300_000, slice: () => Promise.reject(cause) }
  const one = attempt([RUFH, created('a')], { file })
  await assert.rejects(one.uploaded, { code: 'source-changed', cause })
})

async function never(): Promise<never> {
  return await new Promise(() => {})
}

for (const [words, lines, options] of [
  ['a slot', [RUFH], { slot: never }],
  ['a new slot', [RUFH, LEVEL3], { onReauthenticate: never }],
  ['another slot', [RUFH, 'lost', { status: 403 }], { slot: onceThen(never) }],
  ['what a store has', [RUFH], { id: 'film', store: { ...memoryStore(), load: never } }],
  ['a store that saves', [RUFH], { id: 'film', store: { ...memoryStore(), save: never } }],
  ['whoever holds its name', [RUFH], { id: 'film', store: { ...memoryStore(), hold: never } }],
] satisfies [string, ScriptedLine[], Attempted][]) {
  test(`an upload that waits for ${words} ends when it is told to`, { timeout: 5000 }, async () => {
    const giving = new AbortController()
    const one = attempt(lines, { ...options, signal: giving.signal })
    for (const _turn of [1, 2, 3, 4, 5]) await new Promise(setImmediate)
    giving.abort(new Error('enough'))
    await assert.rejects(one.uploaded, /enough/u)
  })
}

function onceThen(later: () => Promise<Slot>): () => Promise<Slot> {
  let asked = 0
  return async () => (asked++ === 0 ? SLOT : await later())
}

test('an upload that was aborted before it began asks nobody', async () => {
  const one = attempt([RUFH], { signal: AbortSignal.abort(new Error('enough')) })
  await assert.rejects(one.uploaded, /enough/u)
  assert.deepEqual(one.asked, [])
})

test('a header field that cannot be sent is its giver’s fault, told at once', async () => {
  const headers = { Authorization: 'Bearer abc\u2026' }
  const one = attempt([RUFH], { slot: { ...SLOT, headers }, file: SMALL })
  await assert.rejects(one.uploaded, TypeError)
  assert.equal(one.asked.filter((line) => line.startsWith('PUT')).length, 0)
  assert.deepEqual(one.waits, [])
})

test('a slot that is no URL is its giver’s fault, told at once', async () => {
  const one = attempt([RUFH], { slot: { put: 'film.mp4', get: 'film.mp4' } })
  await assert.rejects(one.uploaded, TypeError)
  assert.deepEqual(one.waits, [])
})

for (const kind of ['face', 'sending', 'sent'] as const) {
  test(`what a listener throws at “${kind}” ends the upload as it is`, async () => {
    const fault = new TypeError('undefined is not a function')
    const onEvent = (event: UploadEvent): void => {
      if (event.kind === kind) throw fault
    }
    const one = attempt([RUFH, created('a'), stands(262_144), DONE], { onEvent })
    await assert.rejects(one.uploaded, fault)
    assert.deepEqual(one.waits, [])
  })
}
