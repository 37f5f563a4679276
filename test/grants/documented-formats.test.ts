import assert from 'node:assert/strict'
import test from 'node:test'
import { type GrantSecrets } from '../../src/grants/secret.ts'
import { type GrantVerifier, grantVerifier } from '../../src/grants/verifier.ts'
import { NOW, ask, only, refusal } from './requests.ts'

const SECRET = 'vector-secret-01'
const JWT_SECRET = 'jwt-vector-secret-0123456789abcdef'
const PHOTO = '3f1c/AbC/photo.jpg'
const NOTES = '3f1c/AbC/notes.txt'
const T = 4_102_444_800
const USER = 'alice@example.org'

const ALL: GrantSecrets = {
  v1: only(SECRET),
  v2: only(SECRET),
  token: only(SECRET),
  v3: only(SECRET),
  bearer: only(SECRET),
  jwt: only(JWT_SECRET),
}
const verifier: GrantVerifier = grantVerifier(ALL, () => NOW)

/** A MAC that some program writes, and how it is shown to the server. */
interface Row {
  readonly name: string
  readonly request: ReturnType<typeof ask>
}

function hex(
  name: string,
  parameters: readonly string[],
  row: [code: string, path?: string],
): Row[] {
  const [code, path = PHOTO] = row
  return parameters.map((parameter) => ({
    name: `${name} as ${parameter}`,
    request: ask(path, { query: `${parameter}=${code}`, contentType: 'image/jpeg' }),
  }))
}

function bearer(name: string, code: string, more = ''): Row {
  const query = `user=${USER}&expiry=${T}${more}`
  return { name, request: ask(PHOTO, { query, authorization: `Bearer ${code}` }) }
}

function jwt(name: string, path: string, token: string): Row {
  return { name, request: ask(path, { authorization: `Bearer ${token}` }) }
}

const ANY_V = ['v', 'v2', 'token', `expires=${T}&v3`]

const ACCEPTED: readonly Row[] = [
  ...hex('v A', ['v'], ['ebba6294aa3f5fb9d40d009e8f96e274529a5d5e4a038331da226c5b35cc9f24']),
  {
    name: 'v A, UTF-8, empty body',
    request: ask('3f1c/AbC/Grüße 1.png', {
      query: 'v=321e25c0226208b47dd1f27f9d05e28bf287cf6f14bbfe48866f436d26523bcd',
      size: 0,
    }),
  },
  ...hex(
    'v A under a folder',
    ['v'],
    ['48741fb70e476d226af54f5df3eaf9a870c6e1bfa74e9c3a7c1da9b267e1303c', `upload/${PHOTO}`],
  ),
  ...hex(
    'v2 A',
    ['v2', 'token'],
    ['48799de487bde9898df631582fc94bd0a7f4771872dbbd8c1d4dc3c801f56c8d'],
  ),
  {
    name: 'v2 A of a text as Prosody signs it',
    request: ask(NOTES, {
      query: 'v2=46147dde67c6a76a8b111cac68d05d4e4a8b8de30608870a8160e721a96ab090',
      contentType: 'text/plain',
    }),
  },
  {
    name: 'v2 A of a text with charset, and the header says so',
    request: ask(NOTES, {
      query: 'v2=5b7f12930de9d9d8e05fe2bd25dbd687991b42e4e0cd80a5c1299bed7ed294de',
      contentType: 'text/plain; charset=utf-8',
    }),
  },
  {
    name: 'v2 A without extension',
    request: ask('3f1c/AbC/blob', {
      query: 'v2=02d83f5612881e06fa054cb92d4db0816b24f23feee0aa6b52868d6c0377bfde',
      size: 1_048_576,
    }),
  },
  ...hex(
    'v3 A',
    [`expires=${T}&v3`],
    ['dd10d5c1ffcedd0fc7602402ab6b7f70daeca1988366b02a2629ff99e290ddb5'],
  ),
  ...hex(
    'v3 A at the root',
    [`expires=${T}&v3`],
    ['915f7ed96b2faf9c45704c5d490f6f4c6f9e60e499bff8fdef46d9bc12521aba', 'notes.txt'],
  ),
  bearer('Bearer 1', 'usiDBjfDbqtrWHLWLvRwd6yKcVVUeaRJQmFv8cehkYU='),
  bearer('Bearer 3', 'Te9jT6V6HPV/ztJxO+TDaeJiPxOL5MQJOzmPIYZcdKE='),
  jwt(
    'JWT of mod_http_file_share',
    'RVbKAgWPcrUYAodj/photo.jpg',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzbG90IjoiUlZiS0FnV1BjclVZQW9kaiIsInN1YiI6ImFsaWNlQGV4YW1wbGUub3JnIiwiZmlsZW5hbWUiOiJwaG90by5qcGciLCJmaWxlc2l6ZSI6MTIsImZpbGV0eXBlIjoiaW1hZ2UvanBlZyIsImlhdCI6MTczNTY4OTYwMCwiZXhwIjo0MTAyNDQ0ODAwLCJleHBpcmVzIjo0MTAyNDQ0ODAwfQ.eCgJvSPWCaBmDnSmeBOZ81J8B_SuedTdK0mny_O9B1E',
  ),
]

const REFUSED: readonly Row[] = [
  ...hex('the path alone (v B, v2 C, token C)', ANY_V, [
    'aefc0a6646f2033d8dbe9f593bb5549d14dd8f2235f07b19c2b261bd70475dba',
  ]),
  ...hex('path and size without type (v2 B, token B)', ANY_V, [
    '582dccade663bcc88cfa0ced9f6f85fbeddde7a685e14fe85a34fb20030c4c70',
  ]),
  ...hex(
    'v A shown as another scheme',
    ['v2', 'token', `expires=${T}&v3`],
    ['ebba6294aa3f5fb9d40d009e8f96e274529a5d5e4a038331da226c5b35cc9f24'],
  ),
  ...hex(
    'v2 A shown as another scheme',
    ['v', `expires=${T}&v3`],
    ['48799de487bde9898df631582fc94bd0a7f4771872dbbd8c1d4dc3c801f56c8d'],
  ),
  ...hex(
    'v A under a folder, shown without it',
    ['v'],
    ['48741fb70e476d226af54f5df3eaf9a870c6e1bfa74e9c3a7c1da9b267e1303c'],
  ),
  {
    name: 'v2 A of a text with charset, and the header does not say so',
    request: ask(NOTES, {
      query: 'v2=5b7f12930de9d9d8e05fe2bd25dbd687991b42e4e0cd80a5c1299bed7ed294de',
      contentType: 'text/plain',
    }),
  },
  ...hex(
    'v3 C, which does not sign the expiry',
    [...ANY_V, 'v3'],
    ['fa471924eb708980abda0ad71f154114ab421b3d9b59c8e80da9cd8663e8e694'],
  ),
  ...hex(
    'v3 A without its expiry',
    ['v3'],
    ['dd10d5c1ffcedd0fc7602402ab6b7f70daeca1988366b02a2629ff99e290ddb5'],
  ),
  ...hex(
    'v3 A in upper case',
    [`expires=${T}&v3`],
    ['DD10D5C1FFCEDD0FC7602402AB6B7F70DAECA1988366B02A2629FF99E290DDB5'],
  ),
  ...hex('X-Signature of /upload', ANY_V, [
    '6c84f4ced4ec8c84792f82efa4c68b568d4f225d449ff6073c70c0d8d7cf8819',
    'upload',
  ]),
  ...hex('X-Signature of /chunked-upload', ANY_V, [
    '8a5bf8973f7e1922f1c872b6e886ea2b0bf93a02c3b779cdfd9eed3c27777eb0',
    'chunked-upload',
  ]),
  ...hex('X-Signature of /download/…', ANY_V, [
    '7f310af3258e77de684989a7eb9adf8fbfb42067e09bb474c1d1ab4f5af5fe67',
    `download/${PHOTO}`,
  ]),
  bearer('Bearer 2', 'zFG+7nb71xXpERtxIRa8lWq68UhhmKqdyb0d0gLXhcw=', '&session_id=SESS42'),
  bearer('Bearer 2, no session', 'vJAJ8q5UGqmkDeFHASKEBw5q/ejnnQ7RqMTLh72XGnU='),
  bearer('Bearer 4', '61CVGzf64d0D1kPC8So0k5CIcnDXHeL/nHT1PuC4mSs='),
  bearer('Bearer 5', 'Nk3KY6wJMyZW2D/GYU8byCbatVhJtjIi4bh93etw5s8='),
  bearer('refresh, code form', 'q8hyLo9L1OfUXhuHNGmLFYrKaQXj+Y1FlMo98bgmZxM='),
  bearer('refresh, S1 form', '2Z8TZrjvxR+E/eO9qBGNLK16+AIVgAc3gmReznCSa7o='),
  bearer('refresh, module form', 'F+8CnZxfIW//GwixxdKjo88dH2gsUcAzD4ptxtOu/eI='),
  ...hex('a challenge', ANY_V, [
    '8765e67687f323bbebc6e3ce3d313e593305a0282e2b6b2977a9af3ba4c3b8be',
  ]),
  ...hex('another challenge', ANY_V, [
    '35acc1df45886acb772823054e0ae6f9abd9a7169a2d11d2a8424a1e413b86bf',
  ]),
  ...hex('a derived session id', ANY_V, ['auth_b7ce02f1db12fc0d']),
  ...hex('another derived session id', ANY_V, ['auth_fd1df13687a4eda6']),
  jwt(
    'JWT without slot',
    PHOTO,
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZUBleGFtcGxlLm9yZyIsImV4cCI6NDEwMjQ0NDgwMH0.s9ojBuTWPabpcIgCQhOoD78fzXii0amXUa1V8gu1W8s',
  ),
  ...hex('v2 A under the empty key', ANY_V, [
    'f5349d44af2325b9a342eba92e6a8bb3583b24f3dc6ee25c5cbfb5d09b7354a4',
  ]),
]

test('the formats that sign path, size and time are accepted', async () => {
  assert.equal(ACCEPTED.length, 13)
  for (const { name, request } of ACCEPTED) {
    const grant = await verifier.verify(request)
    assert.equal(grant.path, request.path, name)
    assert.equal(grant.size, request.size, name)
  }
})

test('the formats that leave path, size or time unsigned are refused', async () => {
  assert.equal(REFUSED.length, 62)
  for (const { name, request } of REFUSED) {
    await assert.rejects(verifier.verify(request), { name: 'Refusal', code: 'grant-invalid' }, name)
  }
})

test('bearer tells user, expiry and a claim that names the signed string, not the path', async () => {
  const [first, second] = ACCEPTED.filter(({ name }) => name.startsWith('Bearer'))
  assert.ok(first !== undefined && second !== undefined)
  const grant = await verifier.verify(first.request)
  assert.equal(grant.user, USER)
  assert.equal(grant.expiresAt, T * 1000)
  const moved = await verifier.verify({ ...first.request, path: ask('other/photo.jpg').path })
  assert.equal(moved.claim, grant.claim)
  assert.notEqual(moved.fingerprint, grant.fingerprint)
  const third = await verifier.verify(second.request)
  assert.notEqual(third.claim, grant.claim)
  assert.match(grant.claim ?? '', /^[\w-]{43}$/u)
})

test('a Bearer that is neither JWT nor a MAC with user and expiry is no credential', async () => {
  for (const authorization of ['Bearer AAAA', 'Basic YTpi', 'Bearer', '', 'Bearer a.b']) {
    await refusal(verifier.verify(ask(PHOTO, { authorization })), 'no-credential')
  }
})
