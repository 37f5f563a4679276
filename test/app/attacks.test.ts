/** What somebody without the key of a session tries: each is refused and audited, and its upload goes on. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  type AttackedUpload,
  NEIGHBOUR,
  OWNER,
  STRANGER,
  slotOf,
  survived,
} from './attacked-upload.ts'
import { opened, opening } from './bound-uploads.ts'
import { dpopKey, dpopProof } from './dpop-client.ts'
import { append, creation, head } from './rufh-client.ts'
import { freshNonce, proof } from './session-client.ts'
import type { Line } from './site.ts'
import type { SignedPut } from './slots.ts'
import { TUS, creation as tusCreation, patch } from './tus-client.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

/** An attack, how it is answered, and the line of the audit trail that tells of it. */
interface Attack {
  readonly request: (upload: AttackedUpload) => RawRequest | Promise<RawRequest>
  readonly status: number
  /** Of answers with a body. */
  readonly code?: string
  readonly audit: Line
  readonly from?: string
  readonly flags?: readonly string[]
}

const MUST_PROVE = { status: 401, code: 'proof-required' } as const
const UNSAID = { event: 'refused', code: 'proof-required' } as const
const OTHER_GRANT = { status: 403, code: 'grant-invalid' } as const
const ELEVEN = Buffer.from('evil bytes!')
const EVIL = ELEVEN.subarray(0, 10)

function unproved(why: string): Line {
  return { event: 'unproved', why }
}

/** Opens a session of the thief's own. */
function thiefs(put: SignedPut): SignedPut {
  return { ...opening(undefined, put), from: STRANGER }
}

/** The rest of the upload as the thief would have it. */
function evilRest(target: string): RawRequest {
  return append(target, 8, { offset: 5, bytes: EVIL.subarray(5), isComplete: true })
}

function question(target: string, headers: RawRequest['headers'] = {}): RawRequest {
  return head(target, 8, headers)
}

/** The request with a proof that the owner made for another one. */
async function proofOf(
  upload: AttackedUpload,
  signed: RawRequest,
  sent: RawRequest,
): Promise<RawRequest> {
  return having(sent, await upload.intercepted(signed))
}

/** A request whose proof was made in another way, with the key of the session all the same. */
async function answered(
  upload: AttackedUpload,
  how: (key: Buffer, text: string, challenge: string) => string,
): Promise<RawRequest> {
  const { id, key } = upload.session
  const challenge = await upload.challenge()
  const about = [id, 'HEAD', 'files.example', upload.target, challenge, '-', '-']
  const text = ['HMAC-Challenge/1', ...about].join('\n')
  const answer = how(Buffer.from(key, 'base64url'), text, challenge)
  return question(upload.target, { 'X-Session-ID': id, 'X-Challenge-Response': answer })
}

function macOf(key: Buffer, text: string, algorithm = 'sha256'): Buffer {
  return createHmac(algorithm, key).update(text).digest()
}

const TOKENS: Readonly<Record<string, Attack>> = {
  'a stolen slot token, by a whole PUT': {
    request: ({ put }) => ({ ...put, body: EVIL }),
    ...MUST_PROVE,
    audit: UNSAID,
  },
  'a stolen slot token, by a PUT from the network of its owner': {
    request: ({ put }) => ({ ...put, body: EVIL }),
    ...MUST_PROVE,
    audit: UNSAID,
    from: NEIGHBOUR,
  },
  'a stolen slot token, by a PUT from the very address of its owner': {
    request: ({ put }) => ({ ...put, body: EVIL }),
    ...MUST_PROVE,
    audit: UNSAID,
    from: OWNER,
  },
  'a stolen slot token, by another resumable creation': {
    request: ({ put }) => creation({ ...put, body: EVIL }, 8),
    ...MUST_PROVE,
    audit: UNSAID,
  },
  'a stolen slot token, by a creation of tus': {
    request: ({ put }) => having(tusCreation('a/b.txt', EVIL), put.headers),
    ...MUST_PROVE,
    audit: UNSAID,
  },
  'a stolen slot token, by a part with Content-Range': {
    request: ({ put }) =>
      having({ ...put, body: EVIL.subarray(5) }, { 'Content-Range': 'bytes 5-9/10' }),
    ...MUST_PROVE,
    audit: UNSAID,
  },
  'a stolen slot token, for a session of the thief': {
    request: ({ put }) => opening(undefined, put),
    status: 409,
    code: 'session-exists',
    audit: { event: 'session-refused', why: 'bound' },
  },
  'a stolen slot token, for a session of the thief without a nonce': {
    request: ({ put }) => having(opening(undefined, put), { 'X-Session-Accept': 'hmac-sha256' }),
    status: 409,
    code: 'session-exists',
    audit: { event: 'session-refused', why: 'bound' },
    from: NEIGHBOUR,
  },
  'a stolen slot token, shown on the upload itself': {
    request: ({ put, target }) => having(evilRest(target), put.headers),
    ...MUST_PROVE,
    audit: UNSAID,
  },
  'a stolen slot token, shown as one that a key confirms': {
    request: ({ put, target }) => {
      const authorization = put.headers['Authorization']?.replace('Bearer', 'DPoP') ?? ''
      return having(evilRest(target), { Authorization: authorization })
    },
    ...OTHER_GRANT,
    audit: { event: 'refused', code: 'grant-invalid' },
  },
}

const NO_PROOF: Readonly<Record<string, Attack>> = {
  'the address of the upload, to look at it': {
    request: ({ target }) => question(target),
    status: 401,
    audit: unproved('absent'),
  },
  'the address of the upload, to write to it': {
    request: ({ target }) => evilRest(target),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'the address of the upload, to write to it by tus': {
    request: ({ target }) => patch(target, 5, EVIL.subarray(5)),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'the address of the upload, to end it': {
    request: ({ target }) => ({ method: 'DELETE', target }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'the address of the upload, to end it by another method’s name': {
    request: ({ target }) => ({
      method: 'POST',
      target,
      headers: { ...TUS, 'X-HTTP-Method-Override': 'DELETE' },
    }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'a stolen session id': {
    request: ({ target, session }) => having(evilRest(target), { 'X-Session-ID': session.id }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'a stolen session id, to end the upload': {
    request: ({ target, session: { id } }) => ({
      method: 'DELETE',
      target,
      headers: { 'X-Session-ID': id },
    }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'a stolen session id together with the slot token': {
    request: ({ put, session }) => having({ ...put, body: EVIL }, { 'X-Session-ID': session.id }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'a stolen session id as a bearer token': {
    request: ({ target, session }) =>
      having(evilRest(target), { Authorization: `Bearer ${session.id}` }),
    ...OTHER_GRANT,
    audit: { event: 'refused', code: 'grant-invalid' },
  },
  'a stolen session id as a cookie': {
    request: ({ target, session }) =>
      having(evilRest(target), { Cookie: `session_id=${session.id}; hfs_slot=${session.id}` }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'a level that the client states': {
    request: ({ target, session }) =>
      having(evilRest(target), {
        'X-Session-ID': session.id,
        'X-Security-Level': '1',
        'X-Auth-Required': 'none',
        'X-Network-Resilience': 'true',
      }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
  'a session id in the query of the upload': {
    request: ({ target, session }) => evilRest(`${target}?session_id=${session.id}`),
    status: 400,
    code: 'query-session',
    audit: { event: 'refused', code: 'query-session' },
  },
  'a session id in the query of the slot': {
    request: ({ put, session }) => ({ ...put, target: `${put.target}?session_id=${session.id}` }),
    status: 400,
    code: 'query-session',
    audit: { event: 'refused', code: 'query-session' },
  },
}

const ANSWERS: Readonly<Record<string, Attack>> = {
  'an answer that was shown before': {
    request: ({ captured }) => captured,
    status: 401,
    audit: unproved('used'),
    from: OWNER,
  },
  'an answer that was shown before, with a body': {
    request: ({ captured, target }) => having(evilRest(target), captured.headers),
    ...MUST_PROVE,
    audit: unproved('wrong'),
  },
  'an answer for another method': {
    request: async (upload) =>
      await proofOf(upload, question(upload.target), { method: 'DELETE', target: upload.target }),
    ...MUST_PROVE,
    audit: unproved('wrong'),
  },
  'an answer for another method, named by a field': {
    request: async (upload) =>
      await proofOf(
        upload,
        { method: 'POST', target: upload.target },
        {
          method: 'POST',
          target: upload.target,
          headers: { ...TUS, 'X-HTTP-Method-Override': 'DELETE' },
        },
      ),
    ...MUST_PROVE,
    audit: unproved('wrong'),
  },
  'an answer for another path': {
    request: async (upload) =>
      await proofOf(upload, question(`${upload.target}x`), question(upload.target)),
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer for another query': {
    request: async (upload) =>
      await proofOf(upload, question(`${upload.target}?a=b`), question(upload.target)),
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer for another offset': {
    request: async (upload) => {
      const sent = evilRest(upload.target)
      return await proofOf(upload, having(sent, { 'Upload-Offset': '6' }), sent)
    },
    ...MUST_PROVE,
    audit: unproved('wrong'),
  },
  'an answer for a body of another digest': {
    request: async (upload) => {
      const sent = evilRest(upload.target)
      const digest = { 'Content-Digest': 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:' }
      return await proofOf(upload, having(sent, digest), sent)
    },
    ...MUST_PROVE,
    audit: unproved('wrong'),
  },
  'an answer for another host': {
    request: async ({ target, session, challenge }) => {
      const elsewhere = { ...session, authority: 'evil.example' }
      return question(target, proof(question(target), elsewhere, await challenge()))
    },
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer for another host that the request names, too': {
    request: async ({ target, session, challenge }) => {
      const elsewhere = { ...session, authority: 'evil.example' }
      const fields = proof(question(target), elsewhere, await challenge())
      return question(target, { ...fields, Host: 'evil.example' })
    },
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer for another port of the host': {
    request: async ({ target, session, challenge }) => {
      const elsewhere = { ...session, authority: 'files.example:8080' }
      return question(target, proof(question(target), elsewhere, await challenge()))
    },
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer with the key of the thief’s own session': {
    request: async ({ site, target, session, challenge }) => {
      const own = await opened(site, thiefs(slotOf('tybalt@montague.example', 'x/y.txt')))
      const mixed = { id: session.id, key: own.session.key }
      return question(target, proof(question(target), mixed, await challenge()))
    },
    status: 401,
    audit: unproved('wrong'),
  },
  'the right answer of the thief’s own session': {
    request: async ({ site, target }) => {
      const own = await opened(site, thiefs(slotOf('tybalt@montague.example', 'x/y.txt')))
      const sent = evilRest(target)
      return having(sent, proof(sent, own.session, own.session.next))
    },
    ...MUST_PROVE,
    audit: unproved('foreign'),
  },
  'the right answer of another session of the same user': {
    request: async ({ site, target }) => {
      const own = await opened(site, thiefs(slotOf(undefined, 'x/y.txt')))
      const sent = evilRest(target)
      return having(sent, proof(sent, own.session, own.session.next))
    },
    ...MUST_PROVE,
    audit: unproved('foreign'),
  },
  'a challenge that was made for another session': {
    request: async ({ site, target, session }) => {
      const own = await opened(site, thiefs(slotOf('tybalt@montague.example', 'x/y.txt')))
      return question(target, proof(question(target), session, own.session.next))
    },
    status: 401,
    audit: unproved('foreign'),
  },
  'a challenge that the client made': {
    request: async (upload) =>
      await answered(upload, (key, text, challenge) => {
        const made = Buffer.from(challenge, 'base64url').fill(7, 5).toString('base64url')
        return `${made}.${macOf(key, text.replace(challenge, made)).toString('base64url')}`
      }),
    status: 401,
    audit: unproved('foreign'),
  },
  'a challenge whose end was moved': {
    request: async (upload) =>
      await answered(upload, (key, text, challenge) => {
        const bytes = Buffer.from(challenge, 'base64url')
        bytes.writeUInt32BE(bytes.readUInt32BE(1) + 3600, 1)
        const made = bytes.toString('base64url')
        return `${made}.${macOf(key, text.replace(challenge, made)).toString('base64url')}`
      }),
    status: 401,
    audit: unproved('foreign'),
  },
  'the echo of the challenge': {
    request: async (upload) => await answered(upload, (_key, _text, challenge) => challenge),
    status: 401,
    audit: unproved('malformed'),
  },
  'the echo of the challenge in the place of its answer': {
    request: async (upload) =>
      await answered(upload, (_key, _text, challenge) => `${challenge}.${challenge.slice(7)}`),
    status: 401,
    audit: unproved('wrong'),
  },
  'the answer without its challenge': {
    request: async (upload) =>
      await answered(upload, (key, text) => macOf(key, text).toString('base64url')),
    status: 401,
    audit: unproved('malformed'),
  },
  'the answer in hex without its challenge, as an earlier server had it': {
    request: async (upload) =>
      await answered(upload, (key, text) => macOf(key, text).toString('hex')),
    status: 401,
    audit: unproved('malformed'),
  },
  'an empty answer': {
    request: async (upload) => await answered(upload, (_key, _text, challenge) => `${challenge}.`),
    status: 401,
    audit: unproved('malformed'),
  },
  'an answer of which only the first half is shown': {
    request: async (upload) =>
      await answered(
        upload,
        (key, text, challenge) =>
          `${challenge}.${macOf(key, text).subarray(0, 16).toString('base64url')}`,
      ),
    status: 401,
    audit: unproved('malformed'),
  },
  'an answer in hex that was encoded once more': {
    request: async (upload) =>
      await answered(upload, (key, text, challenge) => {
        const hex = Buffer.from(macOf(key, text).toString('hex'))
        return `${challenge}.${hex.toString('base64url')}`
      }),
    status: 401,
    audit: unproved('malformed'),
  },
  'an answer by a weaker algorithm': {
    request: async (upload) =>
      await answered(
        upload,
        (key, text, challenge) => `${challenge}.${macOf(key, text, 'sha1').toString('base64url')}`,
      ),
    status: 401,
    audit: unproved('malformed'),
  },
  'an answer by an algorithm of the same length': {
    request: async (upload) =>
      await answered(
        upload,
        (key, text, challenge) =>
          `${challenge}.${macOf(key, text, 'sha512-256').toString('base64url')}`,
      ),
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer to another version of the challenge': {
    request: async (upload) =>
      await answered(upload, (key, text, challenge) => {
        const other = text.replace('HMAC-Challenge/1', 'HMAC-Challenge/0')
        return `${challenge}.${macOf(key, other).toString('base64url')}`
      }),
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer with the session’s id as its key': {
    request: async (upload) =>
      await answered(upload, (_key, text, challenge) => {
        const key = Buffer.from(upload.session.id, 'base64url')
        return `${challenge}.${macOf(key, text).toString('base64url')}`
      }),
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer with a key of no bytes': {
    request: async (upload) =>
      await answered(
        upload,
        (_key, text, challenge) =>
          `${challenge}.${macOf(Buffer.alloc(0), text).toString('base64url')}`,
      ),
    status: 401,
    audit: unproved('wrong'),
  },
  'an answer to a challenge of another network, where that counts': {
    request: async (upload) => {
      const asked = question(upload.target, { 'X-Session-ID': upload.session.id })
      const { headers } = await ask(upload.site.port, { ...asked, from: OWNER })
      const [, challenge = ''] =
        /challenge="([^"]+)"/u.exec(headers['www-authenticate'] ?? '') ?? []
      return having(asked, proof(asked, upload.session, challenge))
    },
    status: 401,
    audit: unproved('address'),
    flags: ['security.challenge_address=prefix'],
  },
  'an answer to a challenge of another network under a forged address, where that counts': {
    request: async (upload) => {
      const asked = question(upload.target, { 'X-Session-ID': upload.session.id })
      const { headers } = await ask(upload.site.port, { ...asked, from: OWNER })
      const [, challenge = ''] =
        /challenge="([^"]+)"/u.exec(headers['www-authenticate'] ?? '') ?? []
      const forged = { 'X-Forwarded-For': OWNER, Forwarded: `for=${OWNER}`, 'X-Real-IP': OWNER }
      return having(having(asked, forged), proof(asked, upload.session, challenge))
    },
    status: 401,
    audit: unproved('address'),
    flags: ['security.challenge_address=prefix'],
  },
}

const OTHER_KEYS: Readonly<Record<string, Attack>> = {
  'a DPoP proof for a session that has a shared key': {
    request: ({ target, session }) => {
      const covered = {
        htm: 'PATCH',
        htu: `http://files.example${target}`,
        credential: session.id,
        nonce: session.next,
      }
      const shown = { 'X-Session-ID': session.id, DPoP: dpopProof(dpopKey(), covered) }
      return having(evilRest(target), shown)
    },
    ...MUST_PROVE,
    audit: unproved('nonce'),
  },
  'an oversized answer': {
    request: async (upload) =>
      await answered(upload, (_key, _text, challenge) => `${challenge}.${'A'.repeat(10_000)}`),
    status: 401,
    audit: unproved('malformed'),
  },
  'an oversized session id': {
    request: ({ target }) =>
      having(evilRest(target), {
        'X-Session-ID': 'A'.repeat(10_000),
        'X-Challenge-Response': 'A'.repeat(50),
      }),
    ...MUST_PROVE,
    audit: unproved('malformed'),
  },
  'an oversized DPoP proof': {
    request: ({ target, session }) =>
      having(evilRest(target), { 'X-Session-ID': session.id, DPoP: `a.${'A'.repeat(5_000)}.a` }),
    ...MUST_PROVE,
    audit: unproved('malformed'),
  },
  'a session that the client chose, on the upload': {
    request: async ({ target, challenge }) => {
      const own = { id: 'chosen-by-the-client', key: freshNonce() }
      return having(evilRest(target), proof(evilRest(target), own, await challenge()))
    },
    ...MUST_PROVE,
    audit: unproved('unknown-session'),
  },
  'a session that the client chose, with the slot token': {
    request: ({ put }) =>
      having(opening(undefined, put), { 'X-Session-ID': 'chosen-by-the-client' }),
    ...MUST_PROVE,
    audit: unproved('absent'),
  },
}

/** As every 401 of level 2 tells it; it names no session, and gives no key away. */
function assertChallenge({ headers }: Reply): void {
  const isDpop = headers['www-authenticate']?.startsWith('DPoP')
  assert.match(
    headers['www-authenticate'] ?? '',
    isDpop
      ? /^DPoP error="(?:use_dpop_nonce|invalid_dpop_proof)", algs="ES256 EdDSA"$/u
      : /^HMAC-Challenge challenge="[\w-]{50}", realm="upload", algorithm="hmac-sha256", max-age=300$/u,
  )
  assert.equal(headers['x-security-level'], '2')
  assert.equal(headers['x-auth-required'], 'challenge-response')
  assert.equal(headers['cache-control'], 'no-store')
}

async function refuses({
  request,
  status,
  code,
  audit,
  from = STRANGER,
  flags = [],
}: Attack): Promise<void> {
  const lines = await survived(async (upload) => {
    const reply = await ask(upload.site.port, { ...(await request(upload)), from })
    assert.deepEqual([reply.status, reply.code], [status, code])
    if (status === 401) assertChallenge(reply)
    for (const name of ['x-session-id', 'x-session-key', 'upload-offset'])
      assert.equal(reply.headers[name], undefined, name)
    assert.ok(!JSON.stringify(reply).includes(upload.session.id), 'the session is named')
  }, flags)
  const told = lines.filter(({ event, address }) => event === audit['event'] && address === from)
  assert.ok(
    told.some((line) => Object.entries(audit).every(([name, value]) => line[name] === value)),
    `${JSON.stringify(audit)} is not among ${JSON.stringify(told)}`,
  )
  assert.equal(lines.filter(({ event }) => event === 'takeover').length, 0)
}

for (const [kind, attacks] of Object.entries({
  'an upload with a session goes on in spite of': TOKENS,
  'without a proof, nothing is done for': NO_PROOF,
  'no proof is': ANSWERS,
  'it does not help to show': OTHER_KEYS,
})) {
  describe(kind, () => {
    for (const [name, attack] of Object.entries(attacks)) {
      test(name, async () => await refuses(attack))
    }
  })
}
