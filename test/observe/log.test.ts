import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { Refusal } from '../../src/core/refusals.ts'
import { engineLog, httpLog } from '../../src/observe/event-log.ts'
import { riskLog } from '../../src/observe/risk-log.ts'
import { threatLog } from '../../src/observe/threat-log.ts'
import { HOME, SLOT, TRAIN, UPLOAD, exchangeOf, keptLog } from './samples.ts'

const PRIVACY = { address: 'prefix' } as const
const MAC = 'deadbeef'.repeat(8)

test('a log line is one JSON object with an ISO 8601 time and a named level', () => {
  const { log, written } = keptLog()
  log.info({ port: 5050 }, 'listening')
  assert.deepEqual(JSON.parse(written()), {
    level: 'info',
    time: '2026-11-22T12:00:00.000Z',
    port: 5050,
    msg: 'listening',
  })
})

test('no credential, upload resource, capability or JID reaches the output, whoever logs it', () => {
  const { log, written } = keptLog()
  const secrets = [MAC, 'cap4bility', 'res0urce', 's3cret', 'jwtbody', 'c00kie', 'romeo']
  log.warn({ headers: { authorization: 'Bearer s3cret', cookie: 'c00kie' }, token: 's3cret' }, 'a')
  log.info({ url: `/abc/photo.jpg?v2=${MAC}`, v: MAC }, `PUT /abc/photo.jpg?v=${MAC} came`)
  log.info({ path: '/-/uploads/res0urce' }, 'GET -/put/cap4bility/abc/photo.jpg')
  log.info({ user: 'romeo@montague.example/orchard' }, 'romeo@montague.example said hello')
  log.error({ err: new Error('Authorization: Bearer s3cret for eyJhbGc.jwtbody.sig') }, 'failed')
  for (const secret of secrets) assert.ok(!written().includes(secret), `${secret} in ${written()}`)
  assert.ok(written().includes('r…@montague.example'))
  assert.ok(written().includes('photo.jpg'))
})

test('a redacted line is still JSON, whatever was logged', () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(text, text, (value, message) => {
      const { log, written } = keptLog()
      log.info({ value, token: value, path: `-/put/${value}` }, message)
      assert.equal(
        Reflect.get(Object(JSON.parse(written())), 'token') === value,
        value === '[redacted]',
      )
    }),
  )
})

test('a long text without an end costs the redaction linear time', () => {
  const { log, written } = keptLog()
  const long = 'a'.repeat(1_000_000)
  log.info({ long: `${long}@ ${long}?${long}` }, 'long')
  assert.ok(written().length > 3_000_000)
})

test('a terminal gets readable lines, and control characters of a text do nothing to it', () => {
  let shown = ''
  const destination = {
    isTTY: true,
    write(line: string) {
      shown += line
    },
  }
  const { log } = keptLog({ format: 'auto', destination })
  log.info({ path: '/a\u001b[2Jb\u009b', size: 3 }, 'hi')
  log.error({ err: new Error('no room') }, 'failed')
  const [first, second, third] = stripVTControlCharacters(shown).split('\n')
  assert.equal(first, '12:00:00.000 INFO  hi path="/a\\u001b[2Jb�" size=3')
  assert.equal(second, '12:00:00.000 ERROR failed')
  assert.match(third ?? '', /Error: no room/u)
})

test('a refused request with a credential is a warning that says which string was signed, not the MAC', () => {
  const { log, written } = keptLog({ level: 'info' })
  const exchange = exchangeOf('PUT', 'abc/photo.jpg', { query: `v=${MAC}` })
  httpLog(log, PRIVACY).refused(
    exchange,
    new Refusal('grant-invalid', { signed: 'abc/photo.jpg 9' }),
  )
  assert.deepEqual(JSON.parse(written()), {
    level: 'warn',
    time: '2026-11-22T12:00:00.000Z',
    request: 'req-1',
    method: 'PUT',
    path: '/abc/photo.jpg',
    address: '192.0.2.0/24',
    code: 'grant-invalid',
    facts: { signed: 'abc/photo.jpg 9' },
    msg: 'The credential does not fit this request',
  })
})

test('a stranger who meets a refusal writes no warning', () => {
  const { log, written } = keptLog({ level: 'info' })
  httpLog(log, PRIVACY).refused(exchangeOf('GET', 'wp-login.php'), new Refusal('not-found'))
  assert.equal(written(), '')
})

test('a lost state is a warning even when a stranger meets it, with its cause', () => {
  const { log, written } = keptLog({ level: 'info' })
  const refusal = new Refusal('state-unavailable', {}, { cause: new Error('database is locked') })
  httpLog(log, PRIVACY).refused(exchangeOf('GET', 'abc/photo.jpg'), refusal)
  assert.match(written(), /"level":"warn".*database is locked/u)
})

test('a fault of ours is an error with its stack and the id of its request', () => {
  const { log, written } = keptLog({ level: 'info' })
  httpLog(log, PRIVACY).failed(exchangeOf('GET', '-/uploads/res0urce'), new TypeError('broken'))
  assert.match(written(), /"level":"error".*"request":"req-1".*TypeError: broken\\n\s+at /u)
  assert.ok(!written().includes('res0urce'))
})

test('a new database of places is told, and one that is damaged is an error', () => {
  const { log, written } = keptLog()
  riskLog(log).placesReloaded('/srv/city.mmdb')
  riskLog(log).placesRefused('/srv/asn.mmdb', new Error('cut off'))
  assert.match(written(), /"info".*city\.mmdb.*\n.*"error".*asn\.mmdb.*cut off/u)
})

test('a new certificate is told, and one that cannot be used is an error', () => {
  const { log, written } = keptLog({ level: 'info' })
  httpLog(log, PRIVACY).certificateReloaded()
  httpLog(log, PRIVACY).certificateRefused(new Error('key does not fit'))
  assert.match(written(), /"info".*new certificate.*\n.*"error".*key does not fit/u)
})

test('a finished request is a line at debug only', () => {
  for (const [level, expected] of [
    ['info', 0],
    ['debug', 1],
  ] as const) {
    const { log, written } = keptLog({ level })
    httpLog(log, PRIVACY).finished(exchangeOf('GET', 'a/b'), { status: 200, milliseconds: 3 })
    assert.equal(written().split('\n').length - 1, expected)
  }
})

test('of what the engine does, publishing alone is told at info, without the full JID', () => {
  const { log, written } = keptLog({ level: 'info' })
  const events = engineLog(log, PRIVACY)
  events.slotOpened(SLOT, HOME)
  events.takenOver(SLOT, { from: HOME, to: TRAIN, face: 'plain' })
  events.interrupted(SLOT, UPLOAD, 12)
  events.published(SLOT, UPLOAD, 1.5)
  events.repeated(SLOT, 'same')
  events.fileRemoved(SLOT, 'expired')
  events.abandoned(SLOT, UPLOAD, 'lost')
  assert.deepEqual(JSON.parse(written()), {
    level: 'info',
    time: '2026-11-22T12:00:00.000Z',
    slot: SLOT.fingerprint,
    scheme: 'v2',
    size: 2048,
    user: 'r…@montague.example',
    face: 'plain',
    seconds: 1.5,
    msg: 'file published',
  })
})

test('the log masks a JID unless privacy leaves it out, and names the SHA-1 that ejabberd knows a user by', () => {
  const sha1 = '0123456789abcdef'.repeat(3).slice(0, 40)
  const threat = { pattern: 'failing-proofs', effect: 'watch', count: 1, duration: 1 } as const
  for (const [address, user, expected] of [
    ['full', 'romeo@montague.example', 'r…@montague.example'],
    ['prefix', 'romeo@montague.example', 'r…@montague.example'],
    ['none', 'romeo@montague.example', undefined],
    ['full', sha1, sha1],
    ['prefix', sha1, sha1],
    ['none', sha1, undefined],
  ] as const) {
    const { log, written } = keptLog({ level: 'info' })
    engineLog(log, { address }).published({ ...SLOT, user }, UPLOAD, 1.5)
    threatLog(log, { address })({ ...threat, user })
    const users = written()
      .split('\n')
      .filter(Boolean)
      .map((line) => Reflect.get(Object(JSON.parse(line)), 'user'))
    assert.deepEqual(users, [expected, expected], `${address} ${user}`)
  }
})

test('privacy decides how much of an address a line shows', () => {
  const shown = (['full', 'prefix', 'none'] as const).map((address) => {
    const { log, written } = keptLog()
    engineLog(log, { address }).slotOpened(SLOT, HOME)
    return Reflect.get(Object(JSON.parse(written())), 'address')
  })
  assert.deepEqual(shown, ['192.0.2.77', '192.0.2.0/24', undefined])
})
