/** What must never be in a line, whatever the rules are: generated credentials, where callers put them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { redact } from '../../src/observe/redaction.ts'

/** Longer than all that stands around it, so that no part of a line can be it by chance. */
const SECRET_LENGTH = { minLength: 32, maxLength: 64 }

const base64url = fc.stringMatching(/^[\w-]{32,64}$/u)
const hex = fc.stringMatching(/^[\da-f]{64}$/u)
const anyText = fc.string({ unit: 'grapheme', ...SECRET_LENGTH })
const around = fc.string({ unit: 'binary', maxLength: 12 })
const word = fc.stringMatching(/^[a-z\d]{1,8}$/u)

/** A JWT (RFC 7519 §3): two objects and a signature. */
const jwt = fc.tuple(fc.jsonValue(), base64url, base64url).map(([claim, payload, signature]) => {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', claim })).toString('base64url')
  return [header, payload, signature] as const
})

/** The line of a record that has `text` for its message, among other things. */
function lineOf(text: string, [before, after]: readonly [string, string]): string {
  return redact(JSON.stringify({ time: 1, note: before, msg: text, more: after }))
}

function assertAbsent(secret: string, line: string): void {
  // As it would stand in JSON text.
  const written = JSON.stringify(secret).slice(1, -1)
  assert.ok(!line.includes(written), line)
  assert.doesNotThrow(() => void JSON.parse(line), line)
}

const neighbours = fc.tuple(around, around)

test('the value of a field that holds a credential is never in a line', () => {
  const names = ['authorization', 'cookie', 'password', 'secret', 'token', 'mac', 'v', 'v2', 'v3']
  const field = fc.constantFrom(...names, 'X-Session-Key', 'DPoP', 'Authorization', 'Cookie')
  fc.assert(
    fc.property(field, anyText, neighbours, (name, secret, [before, after]) => {
      const record = { note: before, headers: { [name]: secret }, more: after }
      assertAbsent(secret, redact(JSON.stringify(record)))
    }),
  )
})

test('what follows an authentication scheme is never in a line', () => {
  const scheme = fc.constantFrom('Bearer', 'bearer', 'Basic', 'DPoP', 'HMAC-Challenge')
  fc.assert(
    fc.property(scheme, base64url, neighbours, (name, secret, beside) => {
      assertAbsent(secret, lineOf(`refused: ${name} ${secret} of a client`, beside))
    }),
  )
})

test('no part of a JWT is ever in a line, wherever it stands alone', () => {
  const [open, close] = [
    fc.constantFrom('', ' ', '(', "'", '='),
    fc.constantFrom('', ' ', ')', ','),
  ]
  fc.assert(
    fc.property(jwt, fc.tuple(open, close), neighbours, (parts, [left, right], beside) => {
      const line = lineOf(`token ${left}${parts.join('.')}${right}`, beside)
      for (const part of parts) assertAbsent(part, line)
    }),
  )
})

test('a MAC or a token in the query of an address is never in a line, whatever its name', () => {
  const others = fc.array(fc.tuple(word, word), { maxLength: 3 })
  fc.assert(
    fc.property(
      fc.tuple(word, fc.oneof(hex, base64url)),
      others,
      neighbours,
      ([name, secret], more, beside) => {
        const query = [...more, [name, secret], ...more].map((pair) => pair.join('=')).join('&')
        assertAbsent(secret, lineOf(`PUT /a1b2/film.mp4?${query} HTTP/1.1`, beside))
      },
    ),
  )
})

test('a MAC named by itself is never in a line', () => {
  const name = fc.constantFrom('v', 'v2', 'v3', 'token', 'secret')
  fc.assert(
    fc.property(name, hex, neighbours, (key, secret, beside) => {
      assertAbsent(secret, lineOf(`wrong ${key}=${secret}`, beside))
    }),
  )
})

test('the id of an upload resource or a capability is never in a line', () => {
  const place = fc.constantFrom('/-/uploads/', '/-/put/', 'https://a.example/-/uploads/')
  const rest = fc.constantFrom('', '/', '/film.mp4', '?a=b')
  fc.assert(
    fc.property(fc.tuple(place, rest), base64url, neighbours, ([path, tail], secret, beside) => {
      assertAbsent(secret, lineOf(`${path}${secret}${tail}`, beside))
      assertAbsent(secret, lineOf(`PATCH ${path}${secret}${tail} failed`, beside))
    }),
  )
})

test('the local part of a JID is never in a line', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z.\d_-]{32,64}$/u), neighbours, (local, beside) => {
      assertAbsent(local, lineOf(`${local}@montague.example/orchard`, beside))
    }),
  )
})
