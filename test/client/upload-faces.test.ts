/** What an upload speaks with servers that speak different things. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uploading } from '../../src/client/upload.ts'
import { hurriedTime } from './manual-time.ts'
import { type ScriptedLine, scripted } from './scripted-transport.ts'
import {
  DONE,
  OTHER,
  RUFH,
  SLOT,
  SMALL,
  TUS,
  attempt,
  created,
  kindsOf,
  stands,
} from './scripted-upload.ts'
import { toldNetwork } from './told-network.ts'

test('a file goes up in pieces, and the URL to hand out is that of its slot', async () => {
  const one = attempt([RUFH, created('a'), stands(262_144), DONE])
  assert.deepEqual(await one.uploaded, { url: SLOT.get, size: 300_000 })
  assert.deepEqual(one.asked, [
    'OPTIONS /up/a1/film.mp4',
    'PUT /up/a1/film.mp4',
    'PATCH /-/uploads/a 262144',
    'PATCH /-/uploads/a 37856',
  ])
  assert.deepEqual(kindsOf(one), ['face', 'created', 'sending', 'stands', 'sending', 'published'])
})

test('a small file is one PUT, where the server could do more as well', async () => {
  const one = attempt([RUFH, { status: 201 }], { file: SMALL })
  await one.uploaded
  assert.deepEqual(one.asked, ['OPTIONS /up/a1/film.mp4', 'PUT /up/a1/film.mp4 4'])
})

for (const [words, answer] of [
  ['that names nothing', { status: 200 }],
  ['that does not allow it', { status: 405 }],
  ['that forbids it', { status: 403, headers: { 'x-resume': 'rufh' } }],
] as const) {
  test(`a server ${words} when it is asked gets one plain PUT`, async () => {
    const one = attempt([answer, { status: 204 }])
    await one.uploaded
    assert.deepEqual(one.asked.slice(1), ['PUT /up/a1/film.mp4 300000'])
    assert.deepEqual(one.events[0], { kind: 'face', face: 'plain' })
  })
}

test('a server that cannot be asked gets a plain PUT after two vain questions', async () => {
  const one = attempt(['lost', 'lost', 'lost', { status: 201 }])
  await one.uploaded
  assert.deepEqual(
    one.asked.map((line) => line.split(' ')[0]),
    ['OPTIONS', 'OPTIONS', 'OPTIONS', 'PUT'],
  )
})

for (const status of [408, 425, 429, 500, 502, 503]) {
  test(`a server that answers ${status} when it is asked is asked again, as soon as it says`, async () => {
    const busy: ScriptedLine = { status, headers: { 'retry-after': '2' } }
    const one = attempt([busy, busy, RUFH, created('a'), DONE])
    await one.uploaded
    assert.deepEqual(one.waits, [2000, 2000])
    const face = one.events.find(({ kind }) => kind === 'face')
    assert.deepEqual(face, { kind: 'face', face: 'rufh' })
  })
}

test('a server that can never say what it speaks gets a plain PUT, but is asked for the next file', async () => {
  const busy = Array.from({ length: 7 }, (): ScriptedLine => ({ status: 500 }))
  const { transport, asked } = scripted([...busy, { status: 201 }, RUFH, { status: 201 }])
  const upload = uploading({ transport, network: toldNetwork() }, hurriedTime())
  await upload(SMALL, SLOT)
  await upload(SMALL, OTHER)
  assert.deepEqual(asked.slice(6), [
    'OPTIONS /up/a1/film.mp4',
    'PUT /up/a1/film.mp4 4',
    'OPTIONS /up/b2/film.mp4',
    'PUT /up/b2/film.mp4 4',
  ])
})

test('what a server speaks is asked once for all its slots', async () => {
  const { transport, asked } = scripted([RUFH, { status: 201 }])
  const upload = uploading({ transport, network: toldNetwork() })
  await upload(SMALL, SLOT)
  await upload(SMALL, OTHER)
  assert.deepEqual(asked, [
    'OPTIONS /up/a1/film.mp4',
    'PUT /up/a1/film.mp4 4',
    'PUT /up/b2/film.mp4 4',
  ])
})

test('by tus an upload is complete when it stands at its size', async () => {
  const one = attempt([TUS, created('t'), stands(262_144), stands(300_000)])
  await one.uploaded
  assert.deepEqual(one.asked.slice(1), [
    'POST /up/a1/film.mp4',
    'PATCH /-/uploads/t 262144',
    'PATCH /-/uploads/t 37856',
  ])
})
