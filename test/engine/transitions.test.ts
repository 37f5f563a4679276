import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { EnginePolicy } from '../../src/engine/policy.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import {
  IllegalTransition,
  type SlotEvent,
  isForgotten,
  next,
  opened,
  releasedParts,
} from '../../src/engine/transitions.ts'
import { clientAt, grantFor } from './grants.ts'

const HOUR = 3_600_000
const SIZE = 1_000
const LEASE = { epoch: 2, id: 'upkeep' }

const policy: EnginePolicy = {
  fsync: 'ack',
  maxFileSize: 10_000,
  minFree: 0,
  resumeTimeout: 10 * 60_000,
  chunkSize: 2 ** 20,
  maxSessionAge: 72 * HOUR,
  maxRecoveries: 10,
  fileMaxAge: 24 * HOUR,
  openUploadsPerOwner: 32,
  reservedBytesPerOwner: 10_000,
  timelessGrants: true,
}

function slot(more: Parameters<typeof grantFor>[2] = {}): SlotRecord {
  const facts = { id: 'slot', owner: 'user:romeo', network: clientAt('192.0.2.1').network }
  return opened(grantFor('a/b.txt', SIZE, more), facts, { now: 0, policy })
}

function generation(upload: string, resource?: string): SlotEvent {
  const named = resource === undefined ? {} : { resource }
  return { type: 'generation', upload, face: 'plain', lease: { epoch: 1, id: upload }, ...named }
}

function after(events: readonly SlotEvent[], from = slot(), now = 0): SlotRecord {
  return events.reduce((record, event) => next(record, event, { now, policy }), from)
}

/** Random events on few uploads at random times; most lists contain illegal moves. */
const events = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 30 * HOUR }),
    event: fc.oneof(
      fc.constantFrom('a', 'b', 'c', 'd').map((upload) => generation(upload)),
      fc.constantFrom('e', 'f', 'g', 'h').map((upload) => generation(upload, `r${upload}`)),
      fc
        .tuple(fc.constantFrom('a', 'b', 'e', 'f', 'g'), fc.integer({ min: 0, max: SIZE + 10 }))
        .map(([upload, durable]): SlotEvent => ({ type: 'advanced', upload, durable })),
      fc
        .constantFrom('a', 'b', 'e', 'f', 'g')
        .map((upload): SlotEvent => ({ type: 'published', upload })),
      fc.constantFrom('a', 'e').map((upload): SlotEvent => ({ type: 'aborted', upload })),
      fc.constantFrom<SlotEvent>(
        { type: 'file-removed', lease: LEASE },
        { type: 'due', lease: LEASE },
        { type: 'leased', lease: { epoch: 9, id: 'x' } },
      ),
    ),
  }),
  { maxLength: 40 },
)

/** Every step that the state machine allows, as before and after. */
function walk(steps: Parameters<Parameters<typeof events.map>[0]>[0]): [SlotRecord, SlotRecord][] {
  const seen: [SlotRecord, SlotRecord][] = []
  let record = slot()
  let now = 0
  for (const { wait, event } of steps) {
    now += wait
    try {
      const changed = next(record, event, { now, policy })
      seen.push([record, changed])
      record = changed
    } catch (error) {
      assert.ok(error instanceof IllegalTransition)
    }
  }
  return seen
}

test('random walks reach every state', () => {
  const reached = new Set(
    fc
      .sample(events, { numRuns: 500, seed: 7 })
      .flatMap((steps) => walk(steps).map(([, r]) => r.state)),
  )
  assert.deepEqual([...reached].toSorted(), ['open', 'published', 'spent'])
})

test('an offset never falls and never passes the size', () => {
  fc.assert(
    fc.property(events, (steps) => {
      for (const [before, changed] of walk(steps)) {
        for (const upload of changed.uploads) {
          const earlier = before.uploads.find(({ id }) => id === upload.id)
          assert.ok(
            upload.durable >= (earlier?.durable ?? 0) || earlier?.generation !== upload.generation,
          )
          assert.ok(upload.durable <= SIZE)
        }
      }
    }),
  )
})

test('a finished slot never goes back, and what was published never changes', () => {
  const rank = { open: 0, published: 1, spent: 2 }
  fc.assert(
    fc.property(events, (steps) => {
      for (const [before, changed] of walk(steps)) {
        assert.ok(rank[changed.state] >= rank[before.state])
        assert.equal(changed.id, before.id)
        assert.equal(changed.fingerprint, before.fingerprint)
        if (changed.state !== 'published') continue
        assert.equal(changed.path, 'a/b.txt')
        if (before.state === 'published') assert.equal(changed.publishedAt, before.publishedAt)
      }
    }),
  )
})

test('at most two generations are live, and each has a part of its own', () => {
  fc.assert(
    fc.property(events, (steps) => {
      for (const [before, changed] of walk(steps)) {
        const live = changed.uploads.filter(({ state }) => state === 'receiving')
        assert.ok(live.length <= 2)
        const released = releasedParts(before, changed)
        assert.ok(live.every(({ id }) => !released.includes(id)))
      }
    }),
  )
})

test('whatever can end by itself has a time at which it does', () => {
  fc.assert(
    fc.property(events, (steps) => {
      for (const [, changed] of walk(steps)) {
        if (changed.state === 'spent') assert.equal(changed.dueAt, undefined)
        else assert.equal(typeof changed.dueAt, 'number')
      }
    }),
  )
})

test('a generation that was told to the client is parked, one that was not is replaced', () => {
  const parked = after([generation('a', 'told'), generation('b')])
  assert.deepEqual(
    parked.uploads.map(({ id, state }) => [id, state]),
    [
      ['a', 'receiving'],
      ['b', 'receiving'],
    ],
  )
  const third = after([generation('c')], parked)
  assert.deepEqual(
    third.uploads.map(({ id }) => id),
    ['a', 'c'],
  )
  assert.deepEqual(releasedParts(parked, third), ['b'])
})

test('of three generations with a resource the oldest is given up and says so', () => {
  const record = after([generation('a', 'r1'), generation('b', 'r2'), generation('c', 'r3')])
  assert.deepEqual(
    record.uploads.map(({ id, state }) => [id, state]),
    [
      ['a', 'aborted'],
      ['b', 'receiving'],
      ['c', 'receiving'],
    ],
  )
})

test('whichever generation completes first publishes, the others are given up', () => {
  const record = after([
    generation('a', 'r1'),
    generation('b', 'r2'),
    { type: 'published', upload: 'a' },
  ])
  assert.deepEqual(
    record.uploads.map(({ id, state }) => [id, state]),
    [
      ['a', 'complete'],
      ['b', 'aborted'],
    ],
  )
  assert.throws(() => after([{ type: 'published', upload: 'b' }], record), IllegalTransition)
})

test('a reservation without a byte is held for ten minutes, one with bytes for the resume time-out', () => {
  const reserved = after([generation('a')])
  assert.equal(reserved.dueAt, 10 * 60_000)
  const begun = after([{ type: 'advanced', upload: 'a', durable: 5 }], reserved, 1_000)
  assert.equal(begun.dueAt, 1_000 + policy.resumeTimeout)
  const late = next(begun, { type: 'due', lease: LEASE }, { now: begun.dueAt ?? 0, policy })
  assert.deepEqual(late.uploads, [])
  assert.deepEqual(releasedParts(begun, late), ['a'])
})

test('a file ends at the earlier of its own expiry and the longest life', () => {
  const publish: SlotEvent[] = [generation('a'), { type: 'published', upload: 'a' }]
  assert.equal(after(publish).dueAt, policy.fileMaxAge)
  assert.equal(after(publish, slot({ fileExpiresAt: HOUR })).dueAt, HOUR)
  const forEver = { ...policy, fileMaxAge: 0 }
  const record = publish.reduce((r, event) => next(r, event, { now: 0, policy: forEver }), slot())
  assert.equal(record.dueAt, undefined)
})

test('of a spent slot only the fingerprint is kept', () => {
  const record = after([
    generation('a'),
    { type: 'published', upload: 'a' },
    { type: 'file-removed', lease: LEASE },
  ])
  assert.equal(record.path, '')
  assert.equal(record.owner, '')
  assert.equal(record.user, undefined)
})

test('a spent path is remembered for ever while grants without a time are accepted', () => {
  const spend: SlotEvent[] = [
    generation('a'),
    { type: 'published', upload: 'a' },
    { type: 'file-removed', lease: LEASE },
  ]
  assert.equal(after(spend).dueAt, undefined)
  const timed = { ...policy, timelessGrants: false }
  const from = slot({ scheme: 'jwt', expiresAt: HOUR })
  const record = spend.reduce((r, event) => next(r, event, { now: 0, policy: timed }), from)
  assert.equal(record.dueAt, HOUR + 72 * HOUR)
  assert.equal(isForgotten(record, { now: 73 * HOUR - 1, policy: timed }), false)
  assert.equal(isForgotten(record, { now: 73 * HOUR, policy: timed }), true)
})

test('moves that cannot be are refused', () => {
  const published = after([generation('a'), { type: 'published', upload: 'a' }])
  for (const event of [
    generation('b'),
    { type: 'advanced', upload: 'a', durable: 1 },
    { type: 'aborted', upload: 'a' },
  ] as const) {
    assert.throws(() => after([event], published), IllegalTransition)
  }
  const begun = after([generation('a'), { type: 'advanced', upload: 'a', durable: 9 }])
  assert.throws(
    () => after([{ type: 'advanced', upload: 'a', durable: 8 }], begun),
    IllegalTransition,
  )
  assert.throws(
    () => after([{ type: 'advanced', upload: 'a', durable: SIZE + 1 }], begun),
    IllegalTransition,
  )
  assert.throws(() => after([{ type: 'file-removed', lease: LEASE }], begun), IllegalTransition)
})
