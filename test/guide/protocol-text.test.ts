/** The protocol's text: its test vectors and the proofs in its examples are what its rules and the guide's code make. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { signedTarget } from '../../src/proof/signed-target.ts'
import { temporaryFolder } from '../app/site.ts'
import { pageOf, unpackGuide } from './guide.ts'

const TEXT = pageOf('xep-resilient-upload.md')

const [, SESSION = '', KEY = ''] =
  /^Session `([\w-]{43})`,\nkey `([\w-]{43})`/mu.exec(TEXT) ?? assert.fail('no session')

/** The rows of the test vectors, by name: a value for each. */
const ROWS = new Map(
  [...TEXT.matchAll(/^\| ([A-Z]+) \| `([^|]+)` \| `([^|]+)` \| `([^|]+)` \|$/gmu)].map(
    ([, name = '', ...values]) => [name, values],
  ),
)

/** A request that is signed; nothing for a field that it does not have. */
interface Signed {
  readonly method: string
  readonly authority: string
  readonly target: string
  readonly challenge: string
  readonly offset?: string | undefined
  readonly digest?: string | undefined
}

/** The MAC by the letter of the text. */
function macOf({
  method,
  authority,
  target,
  challenge,
  offset = '-',
  digest = '-',
}: Signed): string {
  const lines = ['HMAC-Challenge/1', SESSION, method, authority, target, challenge, offset, digest]
  return createHmac('sha256', Buffer.from(KEY, 'base64url'))
    .update(lines.join('\n'))
    .digest('base64url')
}

function vector(at: number): Record<string, string> {
  return Object.fromEntries([...ROWS].map(([name, values]) => [name, values[at] ?? '']))
}

/** A row's text as the value of a header field. */
function fieldOf(value: string | undefined): string | undefined {
  return value === '-' ? undefined : value
}

for (const at of [0, 1, 2]) {
  test(`test vector ${at + 1} is right, and what the guide's code makes`, async () => {
    const {
      METHOD = '',
      URL: url = '',
      AUTHORITY = '',
      TARGET = '',
      CHALLENGE = '',
      MAC,
      ...rest
    } = vector(at)
    const [offset, digest] = [fieldOf(rest['OFFSET']), fieldOf(rest['DIGEST'])]
    assert.equal(new URL(url).host, AUTHORITY)
    const { pathname, search } = new URL(url)
    assert.equal(signedTarget('', pathname, search.slice(1)), TARGET)
    const request = { method: METHOD, authority: AUTHORITY, target: TARGET, challenge: CHALLENGE }
    assert.equal(macOf({ ...request, offset, digest }), MAC)

    await using folder = await temporaryFolder()
    await unpackGuide(folder.path)
    const { mac } = await import(pathToFileURL(join(folder.path, 'session.mjs')).href)
    const headers = {
      ...(offset === undefined ? {} : { 'Upload-Offset': offset }),
      ...(digest === undefined ? {} : { 'Content-Digest': digest }),
    }
    assert.equal(mac({ id: SESSION, key: KEY }, CHALLENGE, { method: METHOD, url, headers }), MAC)
  })
}

test('the key is told in hexadecimal, too', () => {
  assert.ok(TEXT.includes(`\`${Buffer.from(KEY, 'base64url').toString('hex')}\``))
})

test('the proofs in the examples are right', () => {
  const requests = [
    ...TEXT.matchAll(/^([A-Z]+) (\S+) HTTP\/1\.1\nHost: (\S+)\n((?:[\w-]+: .*\n)+)/gmu),
  ]
  const proved = requests.filter(([request]) => request.includes('X-Challenge-Response'))
  assert.ok(proved.length >= 4)
  for (const [request, method = '', target = '', authority = '', fields = ''] of proved) {
    const [, challenge = '', shown] =
      /^X-Challenge-Response: ([\w-]{50})\.(\S+)$/mu.exec(fields) ?? []
    const offset = /^Upload-Offset: (.*)$/mu.exec(fields)?.[1]
    assert.match(fields, new RegExp(`^X-Session-ID: ${SESSION}$`, 'mu'))
    assert.equal(shown, macOf({ method, authority, target, challenge, offset }), request)
  }
})

test('no challenge is used twice in the examples', () => {
  const used = [...TEXT.matchAll(/^X-Challenge-Response: ([\w-]{50})\./gmu)].map(([, c]) => c)
  assert.deepEqual(new Set(used).size, used.length)
})
