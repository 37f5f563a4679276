import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import test from 'node:test'
import type { NetworkPrefix } from '../../src/core/client-address.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import {
  type Checksum,
  MAX_CHECKED_BYTES,
  type Staging,
  checkedBody,
  parseChecksum,
  staging,
} from '../../src/protocols/tus/checksum.ts'
import { type SentBody, sentBody, wholeBody } from '../engine/bodies.ts'

function checksumOf(text: string, algorithm: Checksum['algorithm'] = 'sha1'): Checksum {
  return { algorithm, digest: hash(algorithm, text, 'base64') }
}

const CLIENTS = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

function networkOf(address: string): NetworkPrefix {
  return clientAddressOf({ kind: 'ip', address }, {}, CLIENTS).network
}

const network = networkOf('192.0.2.1')

/** What a body hands on, and how it ends. */
function taking(): { take: (batch: readonly Uint8Array[]) => void; taken: () => string } {
  const pieces: Buffer[] = []
  return {
    take: (batch) => void pieces.push(...batch.map((piece) => Buffer.from(piece))),
    taken: () => Buffer.concat(pieces).toString(),
  }
}

test('a checksum is an algorithm and a digest; a field that is missing is none', () => {
  const digest = hash('sha1', 'hello', 'base64')
  assert.deepEqual(parseChecksum(`sha1 ${digest}`), { algorithm: 'sha1', digest })
  assert.equal(parseChecksum(undefined), undefined)
})

test('a checksum of an unknown algorithm, or without a digest, is refused', () => {
  for (const field of ['md5 abc', 'sha1', '', 'SHA1 abc', 'sha1 a b']) {
    assert.throws(() => parseChecksum(field), { code: 'bad-request' }, field)
  }
})

test('a body is handed on, by pieces, once its checksum is known to be right', async () => {
  for (const algorithm of ['sha1', 'sha256'] as const) {
    const sent = sentBody()
    const checksum = checksumOf('hello world', algorithm)
    const checked = checkedBody({ body: sent, length: 11, checksum, network }, staging())
    const { take, taken } = taking()
    const ending = checked.pump(take)
    await sent.send('hello ')
    await sent.send('world')
    assert.equal(taken(), '')
    sent.end()
    assert.equal(await ending, 'end')
    assert.equal(taken(), 'hello world')
  }
})

test('nothing is handed on of a body whose checksum is wrong, or that was cut', async () => {
  const { take, taken } = taking()
  const checksum = checksumOf('hello')
  const wrong = checkedBody({ body: wholeBody('hallo'), length: 5, checksum, network }, staging())
  await assert.rejects(wrong.pump(take), { code: 'checksum-mismatch' })
  const half = sentBody()
  const body = checkedBody({ body: half, length: 5, checksum, network }, staging())
  const ending = body.pump(take)
  await half.send('hel')
  body.cut()
  assert.equal(await ending, 'cut')
  assert.deepEqual([taken(), half.isCut], ['', true])
})

test('a body that is cut while it is handed on ends there', async () => {
  const body = checkedBody(
    { body: wholeBody('ab', 'cd'), length: 4, checksum: checksumOf('abcd'), network },
    staging(),
  )
  const { take, taken } = taking()
  const ending = await body.pump((batch) => {
    take(batch)
    body.cut()
  })
  assert.deepEqual([ending, taken()], ['cut', 'ab'])
})

test('a body is refused that says, or turns out, to be longer than may be held', async () => {
  const checksum = checksumOf('')
  const { take } = taking()
  const said = checkedBody(
    { body: wholeBody(), length: MAX_CHECKED_BYTES + 1, checksum, network },
    staging(),
  )
  await assert.rejects(said.pump(take), { code: 'file-too-large' })
  const pieces = [new Uint8Array(MAX_CHECKED_BYTES), 'x']
  const silent = checkedBody(
    { body: wholeBody(...pieces), length: undefined, checksum, network },
    staging(),
  )
  await assert.rejects(silent.pump(take), { code: 'file-too-large' })
})

/** Bodies of six bytes, of which as many come as are sent. */
function sending(from: string, memory: Staging): { sent: SentBody; ending: Promise<unknown> } {
  const sent = sentBody()
  const checksum = checksumOf('sixsix')
  const body = checkedBody({ body: sent, length: 6, checksum, network: networkOf(from) }, memory)
  return { sent, ending: body.pump(() => {}) }
}

test('a body holds the room that came of it, not what it says will come', async () => {
  const memory = staging(12)
  const silent = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((from) => sending(from, memory))
  const whole = sending('192.0.2.4', memory)
  await whole.sent.send('six')
  await whole.sent.send('six')
  whole.sent.end()
  assert.equal(await whole.ending, 'end')
  for (const { sent, ending } of silent) {
    sent.cut()
    assert.equal(await ending, 'cut')
  }
})

test('one network gets half of the room, and leaves the other half to the others', async () => {
  const memory = staging(12)
  const first = sending('192.0.2.1', memory)
  await first.sent.send('sixs')
  await assert.rejects(sendingAll('192.0.2.2', memory), { code: 'staging-full' })
  assert.equal(await sendingAll('198.51.100.1', memory), 'end')
  first.sent.cut()
  assert.equal(await first.ending, 'cut')
  assert.equal(await sendingAll('192.0.2.2', memory), 'end')
})

test('all networks share one room, which each body gives back', async () => {
  const memory = staging(12)
  const held = ['192.0.2.1', '198.51.100.1'].map((from) => sending(from, memory))
  for (const { sent } of held) await sent.send('fives')
  await assert.rejects(sendingAll('203.0.113.1', memory), { code: 'staging-full' })
  for (const { sent, ending } of held) {
    sent.cut()
    assert.equal(await ending, 'cut')
  }
  assert.equal(await sendingAll('203.0.113.1', memory), 'end')
})

async function sendingAll(from: string, memory: Staging): Promise<unknown> {
  const checksum = checksumOf('sixsix')
  const asked = { body: wholeBody('sixsix'), length: 6, checksum, network: networkOf(from) }
  return await checkedBody(asked, memory).pump(() => {})
}
