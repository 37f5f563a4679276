/** Sessions of the SDK against the server itself. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { BODY, MINUTE, PATH, goOn, stopClock } from '../app/bound-uploads.ts'
import { auditOf, startSite } from '../app/site.ts'
import { type SignedPut, signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'
import {
  PUBLIC_URL,
  type Phone,
  appended,
  created,
  phoneOf,
  resourceOf,
  standing,
} from './session-phone.ts'

/** A slot of a user whom the server knows by name. */
function slot(path = PATH, content: Buffer = BODY): SignedPut {
  return signedPut(path, content, { scheme: 'jwt', user: 'romeo@montague.example' })
}

/** What went over the wire and what was told of it, since it was asked last. */
function news({ wire, events }: Phone): unknown {
  return { wire: wire.splice(0), events: events.splice(0) }
}

async function offsetAt(phone: Phone, resource: string): Promise<number> {
  const { status, headers } = await standing(phone, resource)
  assert.equal(status, 204)
  return Number(headers.get('upload-offset'))
}

/** What the first requests of each kind look like; DPoP has to be told a nonce first. */
const OPENED = {
  hmac: { wire: ['PUT 201'], events: ['bound'] },
  dpop: { wire: ['PUT 401', 'PUT 201'], events: ['challenged', 'bound'] },
}

/** What a request without a good challenge looks like. With DPoP there is always one. */
const ASKED = {
  hmac: { wire: ['HEAD 401', 'HEAD 204'], events: ['challenged'] },
  dpop: { wire: ['HEAD 204'], events: [] },
}

for (const kind of ['hmac', 'dpop'] as const) {
  describe(`a session by ${kind}`, () => {
    test('is opened by the first request, and proves every later one without being asked', async () => {
      await using site = await startSite([PUBLIC_URL])
      const phone = phoneOf(site, { kind })
      assert.equal(phone.keeper.id, undefined)
      const resource = resourceOf(await created(phone, slot()))
      assert.match(phone.keeper.id ?? '', /^[\w-]{43}$/u)
      assert.deepEqual(news(phone), OPENED[kind])
      assert.equal((await appended(phone, resource, { end: 4 })).status, 204)
      assert.equal(await offsetAt(phone, resource), 4)
      assert.equal((await appended(phone, resource, { start: 4 })).status, 201)
      assert.deepEqual(news(phone), { wire: ['PATCH 204', 'HEAD 204', 'PATCH 201'], events: [] })
      assert.deepEqual(await contentOf(site, PATH), BODY)
    })

    test('goes on from other networks, and not one request more is needed', async () => {
      await using site = await startSite([PUBLIC_URL])
      const phone = phoneOf(site, { kind })
      const resource = resourceOf(await created(phone, slot()))
      news(phone)
      for (const [at, from] of ['127.0.0.3', '127.0.1.2', '127.0.2.2'].entries()) {
        phone.from = from
        const { status } = await appended(phone, resource, { start: at, end: at + 1 })
        assert.equal(status, 204)
      }
      assert.deepEqual(news(phone), { wire: ['PATCH 204', 'PATCH 204', 'PATCH 204'], events: [] })
      phone.from = '127.0.3.2'
      assert.equal((await appended(phone, resource, { start: 3 })).status, 201)
      await site.server.shutdown()
      const levels = (await auditOf(site.folder)).filter(({ event }) => event === 'assessed')
      assert.ok(levels.some(({ level, verdict }) => level === 2 && verdict === 'passed'))
    })

    test('whose answer was lost is asked for a proof, and gives it', async () => {
      await using site = await startSite([PUBLIC_URL])
      const phone = phoneOf(site, { kind })
      const resource = resourceOf(await created(phone, slot()))
      phone.lost = 1
      await assert.rejects(appended(phone, resource, { end: 4 }), /lost/u)
      news(phone)
      assert.equal(await offsetAt(phone, resource), 4)
      assert.deepEqual(news(phone), ASKED[kind])
    })

    test('that slept for 45 minutes goes on without a word to its user', async (t) => {
      stopClock(t)
      await using site = await startSite([PUBLIC_URL])
      const phone = phoneOf(site, { kind })
      const resource = resourceOf(await created(phone, slot()))
      await appended(phone, resource, { end: 4 })
      goOn(t, 45 * MINUTE)
      // Bytes are not sent a second time before the server was asked where it stands.
      await assert.rejects(appended(phone, resource, { start: 4 }), /asks again for a proof/u)
      assert.equal(await offsetAt(phone, resource), 4)
      assert.equal((await appended(phone, resource, { start: 4 })).status, 201)
      assert.deepEqual(phone.wire.splice(-3), ['PATCH 401', 'HEAD 204', 'PATCH 201'])
    })

    test('that slept for hours is told so, and adopts its upload in a new slot', async (t) => {
      stopClock(t)
      await using site = await startSite([PUBLIC_URL])
      const phone = phoneOf(site, { kind })
      const resource = resourceOf(await created(phone, slot()))
      await appended(phone, resource, { end: 4 })
      goOn(t, 125 * MINUTE)
      const refused = await standing(phone, resource)
      assert.deepEqual([refused.status, refused.headers.get('x-security-level')], [401, '3'])
      news(phone)
      const old = { 'x-adopt-upload': resource.slice(resource.lastIndexOf('/') + 1) }
      const adopted = await created(phone, slot('new/b.txt'), old)
      assert.deepEqual([adopted.status, adopted.headers.get('upload-offset')], [201, '4'])
      const { status } = await appended(phone, resourceOf(adopted), { start: 4 })
      assert.equal(status, 201)
      assert.deepEqual(await contentOf(site, 'new/b.txt'), BODY)
    })

    test('is opened once more by whoever lost the answer to the opening, even after a restart', async () => {
      await using site = await startSite([PUBLIC_URL])
      const first = phoneOf(site, { kind })
      const saved = structuredClone(await first.keeper.saved())
      first.lost = 2
      for (const _try of [1, 2]) await created(first, slot()).catch(() => {})
      const second = phoneOf(site, { kind, saved })
      const resource = resourceOf(await created(second, slot()))
      assert.ok(second.keeper.id !== undefined)
      assert.equal((await appended(second, resource)).status, 201)
    })

    for (const keepsKeys of [true, false]) {
      test(`goes on after a restart of the program, ${keepsKeys ? 'with a key that nobody can take out' : 'from a file'}`, async () => {
        await using site = await startSite([PUBLIC_URL])
        const first = phoneOf(site, { kind, keepsKeys })
        const resource = resourceOf(await created(first, slot()))
        await appended(first, resource, { end: 4 })
        const state = await first.keeper.saved()
        const saved = keepsKeys ? structuredClone(state) : JSON.parse(JSON.stringify(state))
        if (keepsKeys) {
          assert.ok(saved?.['key'] instanceof CryptoKey)
          assert.equal(saved['key'].extractable, false)
        }
        const second = phoneOf(site, { kind, keepsKeys, saved })
        assert.equal(second.keeper.id, first.keeper.id)
        assert.equal(await offsetAt(second, resource), 4)
        assert.equal((await appended(second, resource, { start: 4 })).status, 201)
      })
    }

    test('carries several uploads at a time', async () => {
      await using site = await startSite([PUBLIC_URL])
      const phone = phoneOf(site, { kind })
      const contents = Array.from({ length: 4 }, () => randomBytes(20_000))
      const all = contents.map(async (content, at) => {
        const put = slot(`slot-${at}/file.bin`, content)
        const resource = resourceOf(await created(phone, put))
        await appended(phone, resource, { end: 9000, content })
        return await appended(phone, resource, { start: 9000, content })
      })
      const ended = (await Promise.all(all)).map(({ status }) => status)
      assert.deepEqual(ended, [201, 201, 201, 201])
      assert.equal(phone.events.filter((event) => event === 'bound').length, 1)
      for (const [at, content] of contents.entries()) {
        assert.deepEqual(await contentOf(site, `slot-${at}/file.bin`), content)
      }
    })

    test('is none where the server has none: requests pass as they are', async () => {
      await using site = await startSite([PUBLIC_URL, 'session_store.enabled=false'])
      const phone = phoneOf(site, { kind })
      const resource = resourceOf(await created(phone, slot()))
      assert.equal((await appended(phone, resource)).status, 201)
      assert.equal(phone.keeper.id, undefined)
      assert.ok(!phone.events.includes('bound'))
    })
  })
}

test('the slot of somebody else’s session stays theirs', async () => {
  await using site = await startSite([PUBLIC_URL])
  await created(phoneOf(site), slot())
  const other = phoneOf(site)
  const { status, problem } = await created(other, slot())
  assert.deepEqual([status, problem, other.keeper.id], [409, 'session-exists', undefined])
})
