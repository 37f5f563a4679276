import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { randomId } from '../../src/core/random.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { SessionStore } from '../../src/sessions/ports.ts'
import type { SessionRecord } from '../../src/sessions/session-record.ts'

const NOW = 1_760_000_000_000

/** A session as it stands after its slot's first request, with a key of its own. */
export function sessionRecord(changes: Partial<SessionRecord> = {}): SessionRecord {
  const key = fingerprintOf(parseSlotPath(`${randomId(12)}/photo.jpg`))
  return {
    key,
    openedAt: NOW,
    lastActiveAt: NOW,
    requests: 1,
    switches: 0,
    recoveries: 0,
    networks: [{ network: '192.0.2.0/24', firstAt: NOW, lastAt: NOW }],
    uploads: [key],
    ...changes,
  }
}

type Open = () => Promise<SessionStore>

/** What every `SessionStore` does; `open` makes an empty one. */
export function sessionStoreConformance(name: string, open: Open): void {
  suite(`session store ${name}`, () => {
    recordCases(open)
    listCases(open)
  })
}

function recordCases(open: Open): void {
  test('a session is found as it was saved, with every optional field and none that was not given', async () => {
    await using store = await open()
    const bare = sessionRecord({ networks: [], uploads: [] })
    const seen = { network: '198.51.100.0/24', product: 'Dino', firstAt: NOW, lastAt: NOW + 5 }
    const full = sessionRecord({ networks: [seen], switches: 3, recoveries: 2, requests: 9 })
    await store.save([bare, full])
    assert.deepEqual(await store.find(bare.key), bare)
    assert.deepEqual(await store.find(full.key), full)
  })

  test('a session nobody saved is not found', async () => {
    await using store = await open()
    await store.save([sessionRecord()])
    assert.equal(await store.find(sessionRecord().key), undefined)
  })

  test('a session that is saved again takes the place of the earlier one', async () => {
    await using store = await open()
    const record = sessionRecord()
    const later = { ...record, lastActiveAt: NOW + 1, requests: 2 }
    await store.save([record])
    await store.save([later])
    assert.deepEqual(await store.find(record.key), later)
    assert.equal(await store.count(), 1)
  })

  test('a session is replaced only at the revision that is stored, and by one of several', async () => {
    await using store = await open()
    const record = sessionRecord({ revision: 1 })
    await store.save([record])
    const later = [3, 4].map((requests) => ({ ...record, requests, revision: 2, uploads: [] }))
    const done = await Promise.all(later.map((next) => store.replace(next, 1)))
    assert.deepEqual(done, [true, false])
    assert.equal(await store.replace({ ...record, requests: 9, revision: 2 }, 1), false)
    assert.deepEqual(await store.find(record.key), later[0])
    assert.deepEqual(await store.idle(2), [later[0]])
  })

  test('a session that is not there is not replaced', async () => {
    await using store = await open()
    const [absent, unnumbered] = [sessionRecord({ revision: 2 }), sessionRecord()]
    await store.save([unnumbered])
    assert.equal(await store.replace(absent, 1), false)
    assert.equal(await store.replace({ ...unnumbered, revision: 2 }, 1), false)
    assert.equal(await store.count(), 1)
  })

  test('what is removed is gone and counted, and removing what is not there changes nothing', async () => {
    await using store = await open()
    const [gone, left] = [sessionRecord(), sessionRecord()]
    await store.save([gone, left])
    assert.equal(await store.remove([gone.key, sessionRecord().key]), 1)
    assert.equal(await store.remove([gone.key]), 0)
    assert.equal(await store.find(gone.key), undefined)
    assert.deepEqual(await store.find(left.key), left)
    assert.equal(await store.count(), 1)
  })

  test('nothing to save or to remove is done at once', async () => {
    await using store = await open()
    await store.save([])
    assert.equal(await store.remove([]), 0)
    assert.equal(await store.count(), 0)
  })

  test('a thousand sessions are saved and removed together', async () => {
    await using store = await open()
    const many = Array.from({ length: 1000 }, () => sessionRecord())
    await store.save(many)
    assert.equal(await store.count(), 1000)
    assert.equal(await store.remove(many.map(({ key }) => key)), 1000)
    assert.equal(await store.count(), 0)
  })
}

function listCases(open: Open): void {
  test('old sessions are listed earliest first, up to and with the moment, at most as many as asked', async () => {
    await using store = await open()
    const aged = [3, 1, 2, 4].map((age) => sessionRecord({ openedAt: NOW + age }))
    await store.save(aged)
    const ages = async (moment: number, limit: number): Promise<readonly number[]> =>
      (await store.openedBefore(NOW + moment, limit)).map(({ openedAt }) => openedAt - NOW)
    assert.deepEqual(await ages(3, 10), [1, 2, 3])
    assert.deepEqual(await ages(3, 2), [1, 2])
    assert.deepEqual(await ages(0, 10), [])
  })

  test('a session is no longer listed as old once it is removed', async () => {
    await using store = await open()
    const record = sessionRecord()
    await store.save([record])
    await store.remove([record.key])
    assert.deepEqual(await store.openedBefore(NOW, 10), [])
  })

  test('idle sessions are listed least recently active first, and none that has an unfinished upload', async () => {
    await using store = await open()
    const idle = [3, 1, 2].map((age) => sessionRecord({ uploads: [], lastActiveAt: NOW + age }))
    await store.save([...idle, sessionRecord({ lastActiveAt: NOW })])
    const order = async (limit: number): Promise<readonly number[]> =>
      (await store.idle(limit)).map(({ lastActiveAt }) => lastActiveAt - NOW)
    assert.deepEqual(await order(10), [1, 2, 3])
    assert.deepEqual(await order(2), [1, 2])
  })

  test('whether and since when a session is idle is known from its latest save', async () => {
    await using store = await open()
    const [one, two] = [
      sessionRecord({ uploads: [], lastActiveAt: NOW + 1 }),
      sessionRecord({ uploads: [], lastActiveAt: NOW + 2 }),
    ]
    await store.save([one, two])
    await store.save([{ ...one, lastActiveAt: NOW + 3 }])
    assert.deepEqual(
      (await store.idle(10)).map(({ key }) => key),
      [two.key, one.key],
    )
    await store.save([{ ...two, uploads: [fingerprintOf(parseSlotPath('a'))] }])
    assert.deepEqual(
      (await store.idle(10)).map(({ key }) => key),
      [one.key],
    )
  })
}
