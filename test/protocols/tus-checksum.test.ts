import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import test from 'node:test'
import {
  type Checksum,
  MAX_CHECKED_BYTES,
  checkedBody,
  parseChecksum,
  staging,
} from '../../src/protocols/tus/checksum.ts'
import { sentBody, wholeBody } from '../engine/bodies.ts'

function checksumOf(text: string, algorithm: Checksum['algorithm'] = 'sha1'): Checksum {
  return { algorithm, digest: hash(algorithm, text, 'base64') }
}

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
    const checked = checkedBody({ body: sent, length: 11, checksum }, staging())
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
  const wrong = checkedBody({ body: wholeBody('hallo'), length: 5, checksum }, staging())
  await assert.rejects(wrong.pump(take), { code: 'checksum-mismatch' })
  const half = sentBody()
  const body = checkedBody({ body: half, length: 5, checksum }, staging())
  const ending = body.pump(take)
  await half.send('hel')
  body.cut()
  assert.equal(await ending, 'cut')
  assert.deepEqual([taken(), half.isCut], ['', true])
})

test('a body that is cut while it is handed on ends there', async () => {
  const body = checkedBody(
    { body: wholeBody('ab', 'cd'), length: 4, checksum: checksumOf('abcd') },
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
    { body: wholeBody(), length: MAX_CHECKED_BYTES + 1, checksum },
    staging(),
  )
  await assert.rejects(said.pump(take), { code: 'file-too-large' })
  const pieces = [new Uint8Array(MAX_CHECKED_BYTES), 'x']
  const silent = checkedBody({ body: wholeBody(...pieces), length: undefined, checksum }, staging())
  await assert.rejects(silent.pump(take), { code: 'file-too-large' })
})

test('all bodies share one room, which each gives back', async () => {
  const room = staging(10)
  const { take } = taking()
  const first = sentBody()
  const checksum = checksumOf('sixsix')
  const pumping = checkedBody({ body: first, length: 6, checksum }, room).pump(take)
  const second = { body: wholeBody('sixsix'), length: 6, checksum }
  await assert.rejects(checkedBody(second, room).pump(take), { code: 'staging-full' })
  first.cut()
  assert.equal(await pumping, 'cut')
  assert.equal(await checkedBody(second, room).pump(take), 'end')
})
