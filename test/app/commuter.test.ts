/** A day of somebody who travels by train: whatever the network does, the upload ends. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { slotOf } from './attacked-upload.ts'
import { MINUTE, goOn, opened, opening, stopClock } from './bound-uploads.ts'
import { dpopClient, openedByDpop } from './dpop-client.ts'
import { append, creation, head, located } from './rufh-client.ts'
import { PUBLIC_URL, type ProvingClient, hmacClient } from './session-client.ts'
import { cutUpload } from './session-proofs.ts'
import { type Line, type Site, auditOf, eventually, startSite, storedBytes } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { type Reply, ask, dial, headOf, having } from './wire-client.ts'

const SWITCHES = 30
const PIECE = 1000
const HOUR = 60 * MINUTE

/** Bytes of the file: one piece between two switches, one before each standby, and one for the rest. */
const SIZE = (SWITCHES + 4) * PIECE

/** Networks that take turns; none is seen twice in a row. */
function networkAt(turn: number): string {
  return `127.0.${turn % 20}.2`
}

/** A phone that uploads one file, and loses its network in the middle of every piece. */
interface Phone {
  readonly client: ProvingClient
  readonly put: SignedPut
  /** The upload resource at present. */
  target: string
  /** Bytes of the file that it sent so far. */
  sent: number
  /** How often its user had to be asked. */
  prompts: number
}

/** Asks where the upload stands; at level 3 the phone gets a new slot for it and goes on there. */
async function offsetAt(phone: Phone, from: string): Promise<number> {
  const found = await phone.client.ask({ ...head(phone.target, 8), from })
  if (found.headers['x-security-level'] !== '3') return offsetIn(found, 204)
  phone.prompts += 1
  const slot = slotOf(undefined, 'new/slot.bin', Buffer.from(phone.put.body))
  const empty = creation(slot, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const old = { 'X-Adopt-Upload': phone.target.slice('/-/uploads/'.length) }
  const adopted = await phone.client.ask(having({ ...empty, from }, old))
  const before = phone.target
  phone.target = located(adopted)
  const gone = await phone.client.ask({ ...head(before, 8), from })
  assert.equal(gone.status, 410)
  return offsetIn(adopted, 201)
}

function offsetIn({ status, headers, body }: Reply, expected: number): number {
  assert.equal(status, expected, body.toString())
  return Number(headers['upload-offset'])
}

/** Sends one piece of all that is left, and then the network is gone. */
async function losePiece(site: Site, phone: Phone, from: string): Promise<void> {
  const offset = await offsetAt(phone, from)
  assert.equal(offset, phone.sent, 'the server has every byte that was sent')
  const bytes = Buffer.from(phone.put.body.subarray(offset))
  const request = phone.client.prove(append(phone.target, 8, { offset, bytes, isComplete: true }))
  assert.ok(request, 'the answer before brought what this proof needs')
  using wire = await dial(site.port, from)
  wire.send(headOf(request))
  wire.send(bytes.subarray(0, PIECE))
  phone.sent += PIECE
  await eventually(async () => (await storedBytes(site)) >= phone.sent)
}

async function sendRest(phone: Phone, from: string): Promise<Reply> {
  const offset = await offsetAt(phone, from)
  const bytes = Buffer.from(phone.put.body.subarray(offset))
  phone.sent += bytes.length
  return await phone.client.ask({
    ...append(phone.target, 8, { offset, bytes, isComplete: true }),
    from,
  })
}

const PHONES: Readonly<Record<string, (site: Site, put: SignedPut) => Promise<Phone>>> = {
  'a key that the server made': async (site, put) => {
    const { target, session } = await opened(site, opening(undefined, put))
    return { client: hmacClient(site, session), put, target, sent: 0, prompts: 0 }
  },
  'a key of its own': async (site, put) => {
    const { reply, session } = await openedByDpop(site, opening(undefined, put))
    return { client: dpopClient(site, session), put, target: located(reply), sent: 0, prompts: 0 }
  },
}

async function trailOf(site: Site): Promise<readonly Line[]> {
  await site.server.shutdown()
  return await auditOf(site.folder)
}

describe('a commuter whose client has a session is asked for nothing before three hours of silence, and sends no byte twice', () => {
  for (const [kind, startPhone] of Object.entries(PHONES)) {
    test(`with ${kind}`, async (t) => {
      stopClock(t)
      await using site = await startSite([PUBLIC_URL])
      const put = slotOf(undefined, 'a/b.bin', randomBytes(SIZE))
      const phone = await startPhone(site, put)
      for (let turn = 0; turn < SWITCHES; turn += 1) {
        await losePiece(site, phone, networkAt(turn))
        goOn(t, HOUR / SWITCHES)
      }
      goOn(t, 45 * MINUTE)
      await losePiece(site, phone, networkAt(SWITCHES))
      assert.equal(phone.prompts, 0)
      goOn(t, 3 * HOUR)
      await losePiece(site, phone, networkAt(SWITCHES + 1))
      assert.equal(phone.prompts, 1)
      const end = await sendRest(phone, networkAt(SWITCHES + 2))
      assert.equal(end.status, 201)
      assert.deepEqual([phone.sent, phone.prompts], [SIZE, 1])
      assert.ok(put.body.equals(await contentOf(site, 'new/slot.bin')))
      const lines = await trailOf(site)
      const assessed = lines.filter(({ event }) => event === 'assessed')
      assert.deepEqual(
        assessed.filter(({ level }) => level === 3).map(({ verdict }) => verdict),
        ['refused', 'confirmed'],
      )
      assert.ok(assessed.length >= 20, 'the networks were new to the session')
      assert.equal(lines.filter(({ event }) => event === 'adopted').length, 1)
    })
  }
})

/** A slot as most servers sign it: good for five minutes, or without a word about time. */
function stockSlot(path: string, scheme: 'v1' | 'v3' | 'jwt', life = 5 * MINUTE): SignedPut {
  return signedPut(path, randomBytes(PIECE), { scheme, expiresAt: systemClock() + life })
}

/** Every try of an unmodified client begins at the first byte. */
async function cutAtEverySwitch(t: TestContext, site: Site, put: SignedPut): Promise<void> {
  for (let turn = 0; turn < SWITCHES; turn += 1) {
    await cutUpload(site, put, networkAt(turn))
    goOn(t, HOUR / SWITCHES)
  }
}

describe('a commuter whose client knows nothing of sessions ends with 201', () => {
  for (const scheme of ['v1', 'v3', 'jwt'] as const) {
    test(`by ${scheme}, after thirty switches in an hour`, async (t) => {
      stopClock(t)
      await using site = await startSite()
      const put = stockSlot('a/b.bin', scheme)
      await cutAtEverySwitch(t, site, put)
      assert.equal((await ask(site.port, { ...put, from: networkAt(SWITCHES) })).status, 201)
      assert.ok(put.body.equals(await contentOf(site, 'a/b.bin')))
    })

    test(`by ${scheme}, after 45 minutes of standby`, async (t) => {
      stopClock(t)
      await using site = await startSite()
      const put = stockSlot('a/b.bin', scheme)
      await cutUpload(site, put, networkAt(0))
      goOn(t, 45 * MINUTE)
      assert.equal((await ask(site.port, { ...put, from: networkAt(1) })).status, 201)
    })

    test(`by ${scheme}, after all that and three hours of standby`, async (t) => {
      stopClock(t)
      await using site = await startSite()
      const put = stockSlot('a/b.bin', scheme)
      await cutAtEverySwitch(t, site, put)
      goOn(t, 45 * MINUTE)
      await cutUpload(site, put, networkAt(SWITCHES))
      goOn(t, 3 * HOUR)
      assert.equal((await ask(site.port, { ...put, from: networkAt(SWITCHES + 1) })).status, 201)
    })

    test(`by ${scheme}, after three hours of standby with a new slot if its grant expired in them`, async (t) => {
      stopClock(t)
      await using site = await startSite()
      const put = stockSlot('a/b.bin', scheme)
      await cutUpload(site, put, networkAt(0))
      goOn(t, 3 * HOUR)
      const late = await ask(site.port, { ...put, from: networkAt(1) })
      assert.deepEqual([late.status, late.code], [403, 'new-slot-required'])
      const again = stockSlot('c/d.bin', scheme)
      assert.equal((await ask(site.port, { ...again, from: networkAt(1) })).status, 201)
      const told = (await trailOf(site)).find(({ event }) => event === 'assessed')
      assert.deepEqual([told?.['level'], told?.['verdict']], [3, 'refused'])
    })
  }

  test('after three hours of standby if its grant is still good', async (t) => {
    stopClock(t)
    await using site = await startSite()
    const put = stockSlot('a/b.bin', 'jwt', 5 * HOUR)
    await cutUpload(site, put, networkAt(0))
    goOn(t, 3 * HOUR)
    assert.equal((await ask(site.port, { ...put, from: networkAt(1) })).status, 201)
  })
})
