import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import test from 'node:test'
import type { UploadEngine } from '../../src/engine/engine.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const UNWANTED = clientAt('127.0.0.2')
const OTHER = clientAt('127.0.0.3')
const GRANT = grantFor('a', 6)
const RESOURCE = 'resource'
const NEVER = new AbortController().signal

/** Ends what is of the unwanted client; how many that were. */
async function end(engine: UploadEngine, signal = NEVER): Promise<number> {
  return await engine.endUnwanted(async ({ client }) => client.address === UNWANTED.address, signal)
}

/** An upload of the unwanted client with a resource and its first three bytes. */
async function begun(engine: UploadEngine): Promise<void> {
  const creation = { grant: GRANT, client: UNWANTED, face: 'rufh', resource: RESOURCE } as const
  const delivery = { body: wholeBody('abc'), completes: false }
  assert.equal((await engine.create({ ...creation, delivery })).kind, 'progress')
}

test('who is unwanted is ended once and leaves what came; who is not goes on', async () => {
  await using f = await fixture()
  const [body, other] = [sentBody(), sentBody()]
  const ended = f.engine.put({ grant: GRANT, client: UNWANTED, body })
  const going = f.engine.put({ grant: grantFor('b', 6), client: OTHER, body: other })
  await Promise.all([body.send('abc'), other.send('abc')])
  assert.deepEqual([await end(f.engine), await end(f.engine)], [1, 0])
  assert.equal((await ended).kind, 'cut')
  const slot = await f.needs.slots.find(GRANT.fingerprint)
  assert.deepEqual(
    slot?.uploads.map(({ durable }) => durable),
    [3],
  )
  await other.send('def')
  other.end()
  assert.equal((await going).kind, 'published')
})

test('the slot of whom was ended is free at once: nobody is taken over by who comes next', async () => {
  await using f = await fixture()
  const body = sentBody()
  const ended = f.engine.put({ grant: GRANT, client: UNWANTED, body })
  await body.started
  assert.equal(await end(f.engine), 1)
  await ended
  assert.equal(f.needs.leases.isHeld(GRANT.fingerprint), false)
  const next = await f.engine.put({ grant: GRANT, client: OTHER, body: wholeBody('abcdef') })
  assert.equal(next.kind, 'published')
  assert.deepEqual(
    f.events.filter((name) => name.startsWith('taken')),
    [],
  )
})

test('who is unwanted after the last byte has come is served', async () => {
  await using f = await fixture()
  const body = sentBody()
  const outcome = f.engine.put({ grant: grantFor('a', 3), client: UNWANTED, body })
  await body.send('abc')
  assert.equal(await end(f.engine), 0)
  body.end()
  assert.equal((await outcome).kind, 'published')
})

test('who went while it was asked whether it is unwanted is not ended any more', async () => {
  await using f = await fixture()
  const [asked, known] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()]
  const body = sentBody()
  const outcome = f.engine.put({ grant: GRANT, client: UNWANTED, body })
  await body.started
  const isUnwanted = async (): Promise<boolean> => {
    asked.resolve()
    return await known.promise
  }
  const ending = f.engine.endUnwanted(isUnwanted, NEVER)
  await asked.promise
  body.cut()
  await outcome
  known.resolve(true)
  assert.equal(await ending, 0)
})

test('who is unwanted while a part of an upload is kept that has come whole is told so', async () => {
  await using f = await fixture()
  const [reached, kept] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await begun(f.engine)
  await using engine = f.another({
    slots: {
      ...f.needs.slots,
      async replace(record, token) {
        if (record.uploads.some(({ durable }) => durable === 5)) {
          reached.resolve()
          await kept.promise
        }
        return await f.needs.slots.replace(record, token)
      },
    },
  })
  const body = wholeBody('de')
  const part = { resource: RESOURCE, client: UNWANTED, offset: 3, completes: false, body }
  const outcome = engine.append(part)
  await reached.promise
  assert.deepEqual([await end(engine), body.isCut], [0, false])
  kept.resolve()
  const told = await outcome
  assert.deepEqual([told.kind, told.kind === 'progress' && told.offset], ['progress', 5])
})

test('who is unwanted while earlier bytes are read again for a digest ends at once', async () => {
  await using f = await fixture()
  const reading = Promise.withResolvers<void>()
  await begun(f.engine)
  await using engine = f.another({
    blobs: {
      ...f.needs.blobs,
      async readPart(_key, { signal }) {
        reading.resolve()
        const { promise, reject } = Promise.withResolvers<void>()
        signal?.addEventListener('abort', () => reject(signal.reason))
        return await promise
      },
    },
  })
  const digests = { whole: { sha256: hash('sha256', 'abcdef', 'base64') } }
  const rest = { resource: RESOURCE, client: UNWANTED, offset: 3, completes: true, digests }
  const outcome = engine.append({ ...rest, body: sentBody() })
  await reading.promise
  assert.equal(await end(engine), 1)
  assert.equal((await outcome).kind, 'cut')
  const progress = await f.engine.append({ ...rest, client: OTHER, body: wholeBody('def') })
  assert.equal(progress.kind, 'published')
})

test('who was ended just before is not served, also if nothing is missing but the word that all is there', async () => {
  await using f = await fixture()
  const [reading, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const creation = { grant: GRANT, client: UNWANTED, face: 'rufh', resource: RESOURCE } as const
  const delivery = { body: wholeBody('abcdef'), completes: false }
  await f.engine.create({ ...creation, delivery })
  await using engine = f.another({
    blobs: {
      ...f.needs.blobs,
      async readPart(key, { range, take }) {
        await f.needs.blobs.readPart(key, { range, take })
        reading.resolve()
        await read.promise
      },
    },
  })
  const digests = { whole: { sha256: hash('sha256', 'abcdef', 'base64') } }
  const rest = { resource: RESOURCE, client: UNWANTED, offset: 6, completes: true, digests }
  const outcome = engine.append({ ...rest, body: sentBody() })
  await reading.promise
  assert.equal(await end(engine), 1)
  read.resolve()
  assert.equal((await outcome).kind, 'cut')
})

test('senders are asked about a few at a time, until there is no time left', async () => {
  await using f = await fixture({ openUploadsPerOwner: 1000 })
  const bodies = Array.from({ length: 150 }, () => sentBody())
  const outcomes = bodies.map(async (body, number) => {
    const grant = grantFor(`slot${number}`, 6)
    return await f.engine.put({ grant, client: UNWANTED, body })
  })
  await Promise.all(bodies.map(async ({ started }) => await started))
  const stop = new AbortController()
  setImmediate(() => stop.abort())
  const ended = await end(f.engine, stop.signal)
  assert.ok(ended > 0 && ended < 150, String(ended))
  assert.equal(await end(f.engine), 150 - ended)
  await Promise.all(outcomes)
})
