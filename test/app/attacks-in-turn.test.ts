/** Attacks that take several requests, or time: what they aim at goes on as if nothing had been. */
import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import {
  BODY,
  MINUTE,
  MOBILE,
  PATH,
  WIFI,
  goOn,
  last,
  opened,
  opening,
  stopClock,
} from './bound-uploads.ts'
import { NEIGHBOUR, attackedUpload, slotOf } from './attacked-upload.ts'
import { append, created, creation, head } from './rufh-client.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import {
  type HeldSession,
  PUBLIC_URL,
  askProved,
  challengeIn,
  freshChallenge,
  proof,
  proved,
} from './session-client.ts'
import { type Line, type Site, auditOf, startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

const HALF = 5
const TYBALT = 'tybalt@montague.example'
const NEW_PATH = 'c/d.txt'

function at({ port }: Site, from: string, request: RawRequest): Promise<Reply> {
  return ask(port, { ...request, from })
}

/** What an upload of which half is stored was given. */
interface HalfUpload {
  readonly put: SignedPut
  readonly target: string
  readonly session: HeldSession
}

async function halfUpload(site: Site, put = slotOf()): Promise<HalfUpload> {
  const { target, session } = await opened(site, opening(undefined, put))
  const bytes = put.body.subarray(0, HALF)
  const part = append(target, 8, { offset: 0, bytes, isComplete: false })
  const { reply, session: next } = await askProved(site, { ...part, from: WIFI }, session)
  assert.equal(reply.status, 204)
  return { put, target, session: next }
}

/** The owner finishes its upload, from where it was. */
async function assertGoesOn(site: Site, { target, session }: HalfUpload): Promise<void> {
  const found = await askProved(site, { ...head(target, 8), from: WIFI }, session)
  assert.equal(found.reply.headers['upload-offset'], String(HALF))
  const rest = { ...last(target, HALF), from: WIFI }
  assert.equal((await askProved(site, rest, found.session)).reply.status, 201)
  assert.deepEqual(await contentOf(site, PATH), BODY)
}

async function linesFrom(site: Site, address: string): Promise<readonly Line[]> {
  await site.server.shutdown()
  return (await auditOf(site.folder)).filter((line) => line['address'] === address)
}

describe('a challenge that is too old', () => {
  for (const [what, life, take] of [
    ['the one of a refusal after five minutes', 5 * MINUTE, freshChallenge],
    ['the next one after half an hour', 30 * MINUTE, async (_site, { next }) => next],
  ] satisfies [string, number, (site: Site, session: HeldSession) => Promise<string>][]) {
    test(`proves nothing: ${what}`, async (t) => {
      stopClock(t)
      await using site = await startSite([PUBLIC_URL])
      const upload = await halfUpload(site)
      const { target, session } = upload
      const one = await take(site, session)
      goOn(t, life + 2000)
      const late = await at(site, MOBILE, proved(head(target, 8), session, one))
      assert.equal(late.status, 401)
      assert.notEqual(challengeIn(late), one)
      await assertGoesOn(site, { ...upload, session: { ...session, next: challengeIn(late) } })
      const lines = await linesFrom(site, MOBILE)
      assert.deepEqual(
        lines.map(({ event, why }) => [event, why]),
        [['unproved', 'expired']],
      )
    })
  }
})

describe('whoever stole the token of a slot', () => {
  test('and is the first to use it, is noticed by its owner and has nothing of the owner’s', async () => {
    await using site = await startSite([PUBLIC_URL])
    const put = slotOf()
    await opened(site, { ...opening(undefined, put), from: MOBILE })
    const late = await at(site, WIFI, opening(undefined, put))
    assert.deepEqual([late.status, late.code], [409, 'session-exists'])
    const another = slotOf(undefined, NEW_PATH)
    const { target, session } = await opened(site, opening(undefined, another))
    assert.equal((await askProved(site, last(target), session)).reply.status, 201)
    assert.deepEqual(
      (await linesFrom(site, WIFI))
        .filter(({ event }) => event === 'session-refused')
        .map(({ why }) => why),
      ['bound'],
    )
  })

  test('cannot use it for the first time after it has expired', async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL])
    const put = slotOf()
    goOn(t, 62 * MINUTE)
    for (const request of [put, opening(undefined, put), creation(put, 8)]) {
      const reply = await at(site, MOBILE, request)
      assert.deepEqual([reply.status, reply.code], [403, 'grant-expired'])
      assert.equal(reply.headers['x-session-id'], undefined)
    }
    const lines = await linesFrom(site, MOBILE)
    assert.deepEqual(
      lines.map(({ event, code }) => [event, code]),
      Array.from({ length: 3 }, () => ['refused', 'grant-expired']),
    )
  })

  test('cannot send other bytes for a file that its owner published, nor learn whether they are the same', async () => {
    await using site = await startSite([PUBLIC_URL])
    const upload = await halfUpload(site)
    await assertGoesOn(site, upload)
    for (const body of [BODY, Buffer.from('evil bytes')]) {
      const reply = await at(site, MOBILE, { ...upload.put, body })
      assert.deepEqual([reply.status, reply.code], [401, 'proof-required'])
    }
    assert.deepEqual(await contentOf(site, PATH), BODY)
  })
})

describe('a session id that the client chose', () => {
  test('opens nothing, and the one that is told is another', async () => {
    await using site = await startSite([PUBLIC_URL])
    const chosen = 'A'.repeat(43)
    const put = slotOf()
    const fixed = having(opening(undefined, put), { 'X-Session-ID': chosen })
    const reply = await at(site, MOBILE, fixed)
    assert.deepEqual([reply.status, reply.code], [401, 'proof-required'])
    const { session } = await opened(site, opening(undefined, put))
    assert.notEqual(session.id, chosen)
    const asked = { ...head('/-/uploads/x', 8, { 'X-Session-ID': chosen }) }
    assert.equal((await at(site, MOBILE, asked)).headers['x-session-id'], undefined)
  })

  test('is not taken from a session of the thief’s either', async () => {
    await using site = await startSite([PUBLIC_URL])
    const thief = await opened(site, {
      ...opening(undefined, slotOf(TYBALT, 'x/y.txt')),
      from: MOBILE,
    })
    const put = slotOf()
    const lured = await at(site, WIFI, having(put, { 'X-Session-ID': thief.session.id }))
    assert.equal(lured.status, 401)
    const { target } = await opened(site, opening(undefined, put))
    const sent = head(target, 8)
    const reply = await at(site, MOBILE, proved(sent, thief.session))
    assert.equal(reply.status, 401)
  })

  test('joins no slot of another user to its session', async () => {
    await using site = await startSite([PUBLIC_URL])
    const put = slotOf(TYBALT, 'x/y.txt')
    const thief = await opened(site, { ...opening(undefined, put), from: MOBILE })
    const stolen = creation(slotOf(), 8)
    const reply = await at(site, MOBILE, proved(stolen, thief.session))
    assert.deepEqual([reply.status, reply.code], [403, 'session-foreign'])
    const { target, session } = await opened(site, opening(undefined, slotOf()))
    assert.equal((await askProved(site, last(target), session)).reply.status, 201)
  })
})

test('the eleventh refresh of a session is refused, which the audit tells, and its uploads go on', async () => {
  await using site = await startSite([PUBLIC_URL])
  const upload = await halfUpload(site)
  let { session } = upload
  const refresh = { method: 'POST', target: '/-/session/refresh', body: '', from: MOBILE }
  const statuses: number[] = []
  for (let count = 0; count < 12; count += 1) {
    const { reply, session: next } = await askProved(site, refresh, session)
    statuses.push(reply.status)
    session = next.next === '' ? { ...next, next: await freshChallenge(site, next) } : next
    if (reply.status !== 200) assert.equal(reply.code, 'refreshes-exhausted')
  }
  assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 200), 403, 403])
  await assertGoesOn(site, { ...upload, session })
  const lines = await auditOf(site.folder)
  const begin = lines.find(({ event }) => event === 'session-opened')
  assert.deepEqual(
    lines
      .filter(({ event }) => event === 'refresh-refused')
      .map(({ session: name, address, code }) => ({ name, address, code })),
    Array.from({ length: 2 }, () => ({
      name: begin?.['session'],
      address: MOBILE,
      code: 'refreshes-exhausted',
    })),
  )
})

/** The creation in a new slot that names the upload. */
function adopting({ target }: HalfUpload, put: SignedPut): SignedPut {
  const empty = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
  return having(empty, { 'X-Adopt-Upload': target.slice('/-/uploads/'.length) })
}

describe('an upload is not adopted', () => {
  interface Adoption {
    readonly request: (upload: HalfUpload, site: Site) => RawRequest | Promise<RawRequest>
    readonly refusal: readonly [number, string]
  }

  const ADOPTIONS: Readonly<Record<string, Adoption>> = {
    'by who shows a new slot and no proof': {
      request: (upload) => adopting(upload, slotOf(undefined, NEW_PATH)),
      refusal: [401, 'proof-required'],
    },
    'by who shows a new slot and the session’s id': {
      request: (upload) =>
        having(adopting(upload, slotOf(undefined, NEW_PATH)), {
          'X-Session-ID': upload.session.id,
        }),
      refusal: [401, 'proof-required'],
    },
    'by another user in a session of its own': {
      request: async (upload, site) => {
        const own = await opened(site, opening(undefined, slotOf(TYBALT, 'x/y.txt')))
        return proved(adopting(upload, slotOf(TYBALT, NEW_PATH)), own.session)
      },
      refusal: [409, 'adoption-refused'],
    },
    'by the same user in another session': {
      request: async (upload, site) => {
        const own = await opened(site, opening(undefined, slotOf(undefined, 'x/y.txt')))
        return proved(adopting(upload, slotOf(undefined, NEW_PATH)), own.session)
      },
      refusal: [409, 'adoption-refused'],
    },
    'by another user in the very session': {
      request: async (upload, site) => {
        const challenge = await freshChallenge(site, upload.session)
        return proved(adopting(upload, slotOf(TYBALT, NEW_PATH)), upload.session, challenge)
      },
      refusal: [403, 'session-foreign'],
    },
    'in a slot that names no user': {
      request: async (upload, site) => {
        const challenge = await freshChallenge(site, upload.session)
        return proved(adopting(upload, signedPut(NEW_PATH, BODY)), upload.session, challenge)
      },
      refusal: [403, 'session-foreign'],
    },
    'in a slot of another size': {
      request: async (upload, site) => {
        const challenge = await freshChallenge(site, upload.session)
        const longer = Buffer.concat([BODY, BODY])
        const put = slotOf(undefined, NEW_PATH, longer)
        return proved(adopting(upload, put), upload.session, challenge)
      },
      refusal: [409, 'adoption-refused'],
    },
    'for bytes of another digest': {
      request: async (upload, site) => {
        const challenge = await freshChallenge(site, upload.session)
        const other = { 'Repr-Digest': 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:' }
        const request = having(adopting(upload, slotOf(undefined, NEW_PATH)), other)
        return proved(request, upload.session, challenge)
      },
      refusal: [409, 'adoption-refused'],
    },
    'by who guesses its name': {
      request: async (upload, site) => {
        const own = await opened(site, opening(undefined, slotOf(undefined, 'x/y.txt')))
        const guessed = { ...upload, target: `/-/uploads/${'A'.repeat(43)}` }
        return proved(adopting(guessed, slotOf(undefined, NEW_PATH)), own.session)
      },
      refusal: [409, 'adoption-refused'],
    },
    'by who repeats what its owner sent': {
      request: async (upload, site) => {
        const request = proved(head(upload.target, 8), upload.session)
        const { headers } = request
        const challenge = await freshChallenge(site, upload.session)
        await ask(site.port, proved(head(upload.target, 8), upload.session, challenge))
        return having(adopting(upload, slotOf(undefined, NEW_PATH)), headers)
      },
      refusal: [401, 'proof-required'],
    },
  }

  for (const [name, { request, refusal }] of Object.entries(ADOPTIONS)) {
    test(name, async () => {
      await using site = await startSite([PUBLIC_URL])
      const upload = await halfUpload(site)
      const reply = await at(site, MOBILE, await request(upload, site))
      assert.deepEqual([reply.status, reply.code], refusal)
      await assertGoesOn(site, upload)
      const lines = await linesFrom(site, MOBILE)
      assert.ok(
        lines.some(({ event }) => event === 'refused'),
        JSON.stringify(lines),
      )
      assert.ok(!lines.some(({ event }) => event === 'adopted'))
    })
  }
})

async function levels(site: Site, requests: readonly RawRequest[]): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for (const request of requests) {
    const { status, headers } = await ask(site.port, request)
    found.push([status, headers['x-security-level']])
  }
  return found
}

describe('level 3 is not shed', () => {
  test('by trying again with a session', async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL])
    const { target, session } = await halfUpload(site)
    goOn(t, 121 * MINUTE)
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const challenge = await freshChallenge(site, session)
      const own = { method: 'GET', target: '/-/session' }
      const requests = [
        proved(attempt % 2 ? last(target, HALF) : head(target, 8), session, challenge),
      ]
      assert.deepEqual(await levels(site, requests), [[401, '3']])
      const looked = proved(own, session, await freshChallenge(site, session))
      assert.equal((await ask(site.port, looked)).status, 200)
      goOn(t, MINUTE)
    }
    await site.server.shutdown()
    const refused = (await auditOf(site.folder)).filter(({ verdict }) => verdict === 'refused')
    assert.deepEqual(
      refused.map(({ event, level, why }) => [event, level, why]),
      Array.from({ length: 4 }, () => ['assessed', 3, 'standby long-standby']),
    )
  })

  test('by the old slot, whose grant is still good', async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL])
    const put = signedPut(PATH, BODY, { scheme: 'jwt', expiresAt: systemClock() + 600 * MINUTE })
    const { session } = await halfUpload(site, put)
    goOn(t, 121 * MINUTE)
    for (const request of [put, creation(put, 8)]) {
      const challenge = await freshChallenge(site, session)
      const reply = await ask(site.port, proved(request, session, challenge))
      assert.deepEqual([reply.status, reply.code], [401, 'reauthentication-required'])
    }
  })

  test('by trying again without one, where the operator is strict', async (t: TestContext) => {
    stopClock(t)
    await using site = await startSite(['security.unbound=strict'])
    const put = largePut()
    await cutUpload(site, put, WIFI)
    goOn(t, 121 * MINUTE)
    const tries = Array.from({ length: 3 }, () => ({ ...put, from: WIFI }))
    assert.deepEqual(
      await levels(site, tries),
      tries.map(() => [401, '3']),
    )
  })

  test('by the proof of a session of one’s own, where the operator is strict', async () => {
    await using site = await startSite([PUBLIC_URL, 'security.unbound=strict'])
    const put = largePut()
    await cutUpload(site, put, WIFI)
    const thief = await opened(site, {
      ...opening(undefined, slotOf(TYBALT, 'x/y.txt')),
      from: MOBILE,
    })
    const stolen = await at(site, MOBILE, proved(put, thief.session))
    assert.deepEqual([stolen.status, stolen.headers['x-security-level']], [401, '2'])
    assert.equal((await ask(site.port, { ...put, from: WIFI })).status, 201)
    const lines = await linesFrom(site, MOBILE)
    assert.ok(
      lines.some(({ verdict, why }) => verdict === 'challenged' && why === 'network-changed'),
    )
  })

  test('by the proof of a session of one’s own, shown on the upload itself', async () => {
    await using site = await startSite([PUBLIC_URL, 'security.unbound=strict'])
    const target = await created(site, { ...signedPut(PATH, BODY), from: WIFI })
    const thief = await opened(site, {
      ...opening(undefined, slotOf(TYBALT, 'x/y.txt')),
      from: MOBILE,
    })
    const stolen = await at(site, MOBILE, proved(last(target), thief.session))
    assert.deepEqual([stolen.status, stolen.headers['x-security-level']], [401, '2'])
    assert.equal((await at(site, WIFI, last(target))).status, 201)
  })

  test('by the proof of a session of one’s own, for a slot that needs a new one', async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL])
    const put = largePut()
    await cutUpload(site, put, WIFI)
    goOn(t, 125 * MINUTE)
    const thief = await opened(site, {
      ...opening(undefined, slotOf(TYBALT, 'x/y.txt')),
      from: MOBILE,
    })
    const stolen = await at(site, MOBILE, proved(put, thief.session))
    assert.deepEqual([stolen.status, stolen.code], [403, 'new-slot-required'])
  })

  test('and level 2 neither, not even under the address of its owner', async () => {
    await using site = await startSite(['security.unbound=strict'])
    const put = largePut()
    await cutUpload(site, put, WIFI)
    const forged = { 'X-Forwarded-For': WIFI, Forwarded: `for=${WIFI}`, 'X-Real-IP': WIFI }
    const tries = Array.from({ length: 3 }, () => having({ ...put, from: MOBILE }, forged))
    assert.deepEqual(
      await levels(site, tries),
      tries.map(() => [401, '2']),
    )
    assert.equal((await ask(site.port, { ...put, from: WIFI })).status, 201)
  })
})

test('a network that the operator banned is not let in under another address', async () => {
  await using site = await startSite(['limits.banned_networks=["127.0.1.0/24"]'])
  const forged = { 'X-Forwarded-For': WIFI, Forwarded: `for=${WIFI}`, 'X-Real-IP': WIFI }
  const put = signedPut(PATH, BODY)
  const reply = await at(site, MOBILE, having(put, forged))
  assert.deepEqual([reply.status, reply.code], [403, 'banned'])
  assert.equal((await at(site, WIFI, put)).status, 201)
})

test('header fields beyond any measure end their connection, and nothing else', async () => {
  await using site = await startSite([PUBLIC_URL])
  using upload = await attackedUpload(site)
  for (const name of ['X-Challenge-Response', 'X-Session-ID', 'DPoP', 'X-Session-Accept']) {
    const huge = head(upload.target, 8, { [name]: 'A'.repeat(100_000) })
    assert.equal((await at(site, MOBILE, huge)).status, 431, name)
  }
  await upload.end()
})

describe('a stranger who asks and guesses without end', () => {
  const FLAGS = [PUBLIC_URL, 'limits.failures_per_network=20', 'limits.failures_per_session=10']

  test('is told to wait, while the owner behind the same address goes on', async () => {
    await using site = await startSite(FLAGS)
    const upload = await halfUpload(site)
    const { target, session } = upload
    const guesses: Reply[] = []
    for (let count = 0; count < 25; count += 1) {
      const challenge = await freshChallenge(site, session)
      const guessed = proof(last(target, HALF), { id: session.id, key: 'AAAA' }, challenge)
      guesses.push(await at(site, WIFI, having(last(target, HALF), guessed)))
    }
    // Clients of the protocol take no 4xx for temporary (429 neither).
    assert.deepEqual([...new Set(guesses.map(({ status }) => status))], [401, 503])
    const patient = guesses.at(-1)
    assert.ok(Number(patient?.headers['retry-after']) > 0)
    await assertGoesOn(site, upload)
  })

  test('uses up no challenge of the owner’s, however many it is given', async () => {
    await using site = await startSite(FLAGS)
    const upload = await halfUpload(site)
    const { target, session } = upload
    const mine = await freshChallenge(site, session)
    for (let count = 0; count < 300; count += 1) {
      const asked = head(target, 8, { 'X-Session-ID': session.id })
      assert.equal((await at(site, NEIGHBOUR, asked)).status, 401)
    }
    for (const stolen of [mine, session.next]) {
      const wrong = proof(head(target, 8), { id: session.id, key: 'AAAA' }, stolen)
      assert.equal((await at(site, MOBILE, head(target, 8, wrong))).status, 401)
    }
    const reply = await ask(site.port, proved(head(target, 8), session, mine))
    assert.equal(reply.headers['upload-offset'], String(HALF))
    await assertGoesOn(site, upload)
    const told = await linesFrom(site, NEIGHBOUR)
    assert.ok(told.length > 0 && told.length <= 20, `${told.length} lines`)
  })

  test('is told to wait for wrong grants, too, and a right one never waits', async () => {
    await using site = await startSite(FLAGS)
    const wrong = signedPut(PATH, BODY, { secret: 'not the key of this server' })
    const statuses: number[] = []
    for (let count = 0; count < 25; count += 1)
      statuses.push((await at(site, MOBILE, wrong)).status)
    assert.deepEqual([...new Set(statuses)], [403, 429])
    assert.equal((await at(site, MOBILE, signedPut(PATH, BODY))).status, 201)
  })
})

describe('a slot never becomes unbound', () => {
  test('by so many sessions that there is no room: the one with an unfinished upload stays', async () => {
    await using site = await startSite([PUBLIC_URL, 'session_store.max_sessions=1'])
    const upload = await halfUpload(site)
    for (let count = 0; count < 3; count += 1) {
      const put = slotOf(TYBALT, `x/${count}.txt`)
      const reply = await at(site, MOBILE, opening(undefined, put))
      assert.deepEqual([reply.status, reply.code], [503, 'session-unavailable'])
      assert.ok(Number(reply.headers['retry-after']) > 0)
      assert.equal((await at(site, MOBILE, put)).status, 201, 'an unbound upload goes on')
    }
    await assertGoesOn(site, upload)
  })

  test('by waiting until its session is too old: only a new slot helps, whatever is shown', async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL, 'session_store.max_session_age=1h'])
    const expiresAt = systemClock() + 600 * MINUTE
    const put = signedPut(PATH, BODY, { scheme: 'jwt', expiresAt })
    const { target, session } = await halfUpload(site, put)
    goOn(t, 61 * MINUTE)
    const stale = proved(head(target, 8), session)
    for (const request of [put, opening(undefined, put), creation(put, 8), stale]) {
      const { status, headers } = await at(site, MOBILE, request)
      assert.deepEqual(
        [status, headers['x-security-level'], headers['x-auth-required']],
        [401, '3', 'full-authentication'],
      )
    }
  })

  test('by its session’s end', async () => {
    await using site = await startSite([PUBLIC_URL])
    const { put, target, session } = await halfUpload(site)
    const ended = await askProved(site, { method: 'DELETE', target: '/-/session' }, session)
    assert.equal(ended.reply.status, 204)
    assert.equal((await at(site, MOBILE, put)).status, 401)
    assert.ok([401, 410].includes((await at(site, MOBILE, head(target, 8))).status))
  })
})
