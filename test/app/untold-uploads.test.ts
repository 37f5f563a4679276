import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resumableFaces } from '../../src/app/faces.ts'
import { router } from '../../src/app/router.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Handler } from '../../src/http/exchange.ts'
import { putHandler } from '../../src/protocols/plain/put.ts'
import { type Fixture, blobCount, fixture } from '../engine/fixture.ts'
import { gateOf } from '../gate/fixture.ts'
import { serve } from '../http/server-fixture.ts'
import { creation } from './rufh-client.ts'
import { configOf, eventually } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { CHUNK } from './tus-client.ts'
import { dial, headOf } from './wire-client.ts'

const MINUTE = 60_000
const BODY = Buffer.from('0123456789')

/** The resumable faces of an engine, with 104 sent as the setting says. */
function facesOf({ engine }: Fixture, interim: 'always' | 'never'): Handler {
  const config = configOf('/nowhere', [
    'server.public_url=http://localhost/',
    `http.interim_104=${interim}`,
  ])
  const entrance = gateOf(config)
  const put = putHandler({ gate: entrance, engine, publicUrl: config.server.publicUrl })
  const faces = resumableFaces(config, { gate: entrance, engine, clock: systemClock, plain: put })
  return router({ put, ...faces, remove: put, download: put, health: put })
}

/** Creations that bring the whole file, or its beginning. */
const CREATIONS: Readonly<Record<string, (put: SignedPut) => SignedPut>> = {
  'by tus': (put) => ({
    ...put,
    method: 'POST',
    headers: { ...put.headers, ...CHUNK, 'Upload-Length': String(BODY.length) },
  }),
  'by RUFH': (put) => creation(put, 6, { bytes: BODY.subarray(0, 9), isComplete: false }),
}

/** Parts that are left of a creation, cut before its answer, after the resume time-out. */
async function leftOf(name: string, interim: 'always' | 'never'): Promise<number> {
  await using f = await fixture({ resumeTimeout: 20 * MINUTE })
  await using server = await serve(facesOf(f, interim))
  const request = CREATIONS[name]?.(signedPut('a/photo.jpg', BODY))
  assert.ok(request)
  using sender = await dial(server.port)
  sender.send(headOf(request))
  sender.send(BODY.subarray(0, 8))
  await eventually(async () => (await storedBytes(f)) === 8)
  sender.socket.destroy()
  await eventually(async () => f.events.includes('interrupted 8'))
  f.time += 20 * MINUTE
  await f.engine.sweep(new AbortController().signal)
  return (await blobCount(f)).parts
}

async function storedBytes({ needs }: Fixture): Promise<number> {
  let bytes = 0
  for await (const { size } of needs.blobs.list()) bytes += size
  return bytes
}

for (const name of Object.keys(CREATIONS)) {
  test(`a creation with bytes ${name} that is cut before its answer is kept for the resume time-out only`, async () => {
    assert.equal(await leftOf(name, 'never'), 0)
  })
}

test('a creation with bytes whose client was told by 104 is kept for longer', async () => {
  assert.equal(await leftOf('by RUFH', 'always'), 1)
})
