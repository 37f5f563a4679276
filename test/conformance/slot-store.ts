import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { NetworkPrefix } from '../../src/core/client-address.ts'
import { randomId } from '../../src/core/random.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { SlotStore } from '../../src/engine/ports.ts'
import type { SlotRecord, UploadRecord } from '../../src/engine/slot-record.ts'

const NOW = 1_760_000_000_000

/** A record as the engine makes one for a first PUT, with a path of its own. */
export function slotRecord(changes: Partial<SlotRecord> = {}): SlotRecord {
  const path = parseSlotPath(`${randomId(12)}/photo.jpg`)
  return {
    fingerprint: fingerprintOf(path),
    id: randomId(16),
    path,
    scheme: 'v2',
    owner: 'romeo@example.org',
    network: networkPrefix('192.0.2.0/24'),
    size: 1000,
    contentType: 'image/jpeg',
    state: 'open',
    openedAt: NOW,
    lease: { epoch: 1, id: randomId(16) },
    uploads: [uploadRecord()],
    ...changes,
  }
}

export function uploadRecord(changes: Partial<UploadRecord> = {}): UploadRecord {
  return {
    id: randomId(16),
    generation: 1,
    state: 'receiving',
    durable: 0,
    createdAt: NOW,
    face: 'plain',
    ...changes,
  }
}

/** All that an iteration yields. */
export async function collect<T>(iteration: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = []
  for await (const item of iteration) items.push(item)
  return items
}

/** Names a network in a record. */
function networkPrefix(text: string): NetworkPrefix {
  assert.ok(isNetworkPrefix(text))
  return text
}

function isNetworkPrefix(text: string): text is NetworkPrefix {
  return text.includes('/')
}

/** What every `SlotStore` does; `open` makes an empty one. */
export function slotStoreConformance(name: string, open: () => Promise<SlotStore>): void {
  suite(`slot store ${name}`, () => {
    recordCases(open)
    fencingCases(open)
    searchCases(open)
    listCases(open)
  })
}

type Open = () => Promise<SlotStore>

function recordCases(open: Open): void {
  test('a record is found as it was created', async () => {
    await using store = await open()
    const record = slotRecord()
    assert.deepEqual(await store.create(record), record)
    assert.deepEqual(await store.find(record.fingerprint), record)
  })

  test('a record nobody created is not found', async () => {
    await using store = await open()
    await store.create(slotRecord())
    assert.equal(await store.find(slotRecord().fingerprint), undefined)
  })

  test('every optional field comes back, and none that was not given', async () => {
    await using store = await open()
    const bare = slotRecord({ path: '', uploads: [] })
    const full = slotRecord({
      user: 'romeo@example.org',
      session: 'session',
      grantExpiresAt: NOW + 1,
      publishedAt: NOW + 2,
      fileExpiresAt: NOW + 3,
      dueAt: NOW + 4,
      contentType: 'text/plain; x="ö \u2028\\ 😀"',
      uploads: [uploadRecord({ lastByteAt: NOW + 5, resource: 'r', face: 'tus' })],
    })
    const adopted = uploadRecord({
      state: 'adopted',
      adoptedBy: full.fingerprint,
      resource: 'gone',
    })
    const given = slotRecord({ state: 'spent', path: '', session: 'session', uploads: [adopted] })
    for (const record of [bare, full, given]) {
      await store.create(record)
      assert.deepEqual(await store.find(record.fingerprint), record)
    }
    assert.deepEqual(await store.findByResource('gone'), given)
  })

  test('the second to create a slot gets the record of the first', async () => {
    await using store = await open()
    const first = slotRecord()
    await store.create(first)
    const second = slotRecord({ fingerprint: first.fingerprint, size: 2000 })
    assert.deepEqual(await store.create(second), first)
    assert.deepEqual(await store.find(first.fingerprint), first)
  })

  test('of many that create a slot at once all get the same record', async () => {
    await using store = await open()
    const { fingerprint } = slotRecord()
    const rivals = Array.from({ length: 20 }, () => slotRecord({ fingerprint }))
    const results = await Promise.all(rivals.map((rival) => store.create(rival)))
    assert.equal(new Set(results.map(({ id }) => id)).size, 1)
    assert.deepEqual(await store.find(fingerprint), results[0])
  })

  test('a store that works answers a ping', async () => {
    await using store = await open()
    await assert.doesNotReject(store.ping())
  })
}

function fencingCases(open: Open): void {
  const strangers = [
    ['another epoch', (lease: SlotRecord['lease']) => ({ ...lease, epoch: lease.epoch + 1 })],
    ['another id', (lease: SlotRecord['lease']) => ({ ...lease, id: randomId(16) })],
  ] as const

  test('the holder of the lease replaces the record, lease included', async () => {
    await using store = await open()
    const record = await store.create(slotRecord())
    const next = { ...record, size: 7, lease: { epoch: 2, id: randomId(16) } }
    assert.equal(await store.replace(next, record.lease), true)
    assert.deepEqual(await store.find(record.fingerprint), next)
    assert.equal(await store.replace(record, record.lease), false)
  })

  for (const [what, change] of strangers) {
    test(`a lease with ${what} neither replaces nor removes the record`, async () => {
      await using store = await open()
      const record = await store.create(slotRecord())
      const stale = change(record.lease)
      assert.equal(await store.replace({ ...record, size: 7 }, stale), false)
      assert.equal(await store.remove(record.fingerprint, stale), false)
      assert.deepEqual(await store.find(record.fingerprint), record)
    })
  }

  test('of many that replace a record with the same lease one does', async () => {
    await using store = await open()
    const record = await store.create(slotRecord())
    const heirs = Array.from({ length: 20 }, () => ({
      ...record,
      lease: { epoch: 2, id: randomId(16) },
    }))
    const results = await Promise.all(heirs.map((heir) => store.replace(heir, record.lease)))
    assert.equal(results.filter(Boolean).length, 1)
    assert.deepEqual(await store.find(record.fingerprint), heirs[results.indexOf(true)])
  })

  test('a removed record is gone and can be created again', async () => {
    await using store = await open()
    const record = await store.create(slotRecord())
    assert.equal(await store.remove(record.fingerprint, record.lease), true)
    assert.equal(await store.find(record.fingerprint), undefined)
    assert.equal(await store.remove(record.fingerprint, record.lease), false)
    assert.equal(await store.replace(record, record.lease), false)
    assert.deepEqual(await store.create(record), record)
  })
}

function searchCases(open: Open): void {
  test("only an owner's open uploads count as reserved, each with the size of its slot", async () => {
    await using store = await open()
    assert.deepEqual(await store.reserved('romeo@example.org'), { uploads: 0, bytes: 0 })
    const large = 3 * 1024 ** 4
    const record = await store.create(slotRecord({ size: large }))
    await store.create(slotRecord({ size: 10 }))
    await store.create(slotRecord({ state: 'published' }))
    await store.create(slotRecord({ uploads: [uploadRecord({ state: 'aborted' })] }))
    await store.create(slotRecord({ owner: 'juliet@example.org' }))
    assert.deepEqual(await store.reserved(record.owner), { uploads: 2, bytes: large + 10 })
    await store.replace({ ...record, state: 'published' }, record.lease)
    assert.deepEqual(await store.reserved(record.owner), { uploads: 1, bytes: 10 })
  })

  test('a removed record reserves nothing', async () => {
    await using store = await open()
    const record = await store.create(slotRecord())
    await store.remove(record.fingerprint, record.lease)
    assert.deepEqual(await store.reserved(record.owner), { uploads: 0, bytes: 0 })
  })

  test('a claim belongs to the first slot that makes it, for ever', async () => {
    await using store = await open()
    const [first, second] = [slotRecord().fingerprint, slotRecord().fingerprint]
    const owners = await Promise.all([store.claim('c', first), store.claim('c', second)])
    assert.deepEqual(owners, [first, first])
    assert.equal(await store.claim('c', first), first)
    assert.equal(await store.claim('d', second), second)
  })

  test('a slot is found by the resource of any of its uploads, as long as it has it', async () => {
    await using store = await open()
    const uploads = [uploadRecord({ resource: 'one' }), uploadRecord({ resource: 'two' })]
    const record = await store.create(slotRecord({ uploads }))
    assert.deepEqual(await store.findByResource('one'), record)
    assert.deepEqual(await store.findByResource('two'), record)
    assert.equal(await store.findByResource('three'), undefined)

    const next = { ...record, uploads: [uploadRecord({ resource: 'three' })] }
    await store.replace(next, record.lease)
    assert.equal(await store.findByResource('one'), undefined)
    assert.deepEqual(await store.findByResource('three'), next)

    await store.remove(record.fingerprint, record.lease)
    assert.equal(await store.findByResource('three'), undefined)
  })

  test('a replacement with a stale lease does not make its resources known', async () => {
    await using store = await open()
    const record = await store.create(slotRecord())
    const intruder = { ...record, uploads: [uploadRecord({ resource: 'stolen' })] }
    await store.replace(intruder, { ...record.lease, epoch: 9 })
    assert.equal(await store.findByResource('stolen'), undefined)
  })
}

function listCases(open: Open): void {
  test('records are due at their time, the earliest first, up to the limit', async () => {
    await using store = await open()
    const made = await Promise.all(
      [30, 10, 40, 20].map((dueAt) => store.create(slotRecord({ dueAt }))),
    )
    await store.create(slotRecord())
    const dueTimes = async (now: number, limit: number): Promise<unknown[]> =>
      (await store.due(now, limit)).map(({ dueAt }) => dueAt)
    assert.deepEqual(await dueTimes(9, 10), [])
    assert.deepEqual(await dueTimes(30, 10), [10, 20, 30])
    assert.deepEqual(await dueTimes(30, 2), [10, 20])
    const [, earliest] = made
    assert.ok(earliest)
    const { dueAt: _, ...settled } = earliest
    await store.replace(settled, earliest.lease)
    assert.deepEqual(await dueTimes(30, 10), [20, 30])
  })

  test('all records are listed once, in the order of their fingerprints, over many pages', async () => {
    await using store = await open()
    const records = Array.from({ length: 700 }, () => slotRecord())
    await Promise.all(records.map((record) => store.create(record)))
    const listed = (await collect(store.all())).map(({ fingerprint }) => fingerprint)
    assert.deepEqual(listed, records.map(({ fingerprint }) => fingerprint).toSorted())
  })

  test('the records that reserve are listed once each, and no others', async () => {
    await using store = await open()
    const records = Array.from({ length: 600 }, (_, at) => slotRecord({ owner: `${at % 7}` }))
    await Promise.all(records.map((record) => store.create(record)))
    await store.create(slotRecord({ state: 'published' }))
    const listed = (await collect(store.reserving())).map(({ fingerprint }) => fingerprint)
    assert.deepEqual(listed.toSorted(), records.map(({ fingerprint }) => fingerprint).toSorted())
  })

  test('records can be replaced and removed while they are listed', async () => {
    await using store = await open()
    await Promise.all(Array.from({ length: 600 }, () => store.create(slotRecord())))
    let seen = 0
    for await (const record of store.all()) {
      seen++
      if (seen % 2 === 0) await store.remove(record.fingerprint, record.lease)
      else await store.replace({ ...record, size: 1 }, record.lease)
    }
    assert.equal(seen, 600)
    assert.equal((await collect(store.all())).length, 300)
  })
}
