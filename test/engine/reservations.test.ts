import assert from 'node:assert/strict'
import test from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import { reservations } from '../../src/engine/reservations.ts'
import { wholeBody, sentBody } from './bodies.ts'
import { fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const CLIENT = clientAt('127.0.0.2')

test('a burst of uploads gets as many places as the owner has, not one more', async () => {
  await using f = await fixture({ openUploadsPerOwner: 3 })
  const bodies = Array.from({ length: 10 }, () => sentBody())
  const uploads = bodies.map((body, n) =>
    f.engine.put({ grant: grantFor(`n${n}`, 1), client: CLIENT, body }),
  )
  const outcomes = Promise.allSettled(uploads)
  const started = await Promise.all(bodies.slice(0, 3).map((body) => body.started))
  assert.equal(started.length, 3)
  for (const body of bodies) body.cut()
  const refused = (await outcomes).filter((outcome) => outcome.status === 'rejected')
  assert.equal(refused.length, 7)
  for (const { reason } of refused) {
    assert.ok(reason instanceof Refusal && reason.code === 'too-many-uploads')
  }
})

test('a place is free again as soon as its upload is published, and the store is asked only at the limit', async () => {
  await using f = await fixture({ openUploadsPerOwner: 4 })
  let asked = 0
  const reserved = f.needs.slots.reserved.bind(f.needs.slots)
  const slots = { ...f.needs.slots, reserved: (owner: string) => ((asked += 1), reserved(owner)) }
  const engine = f.another({ slots })
  for (let n = 0; n < 12; n += 1) {
    const request = { grant: grantFor(`n${n}`, 1), client: CLIENT, body: wholeBody('x') }
    assert.equal((await engine.put(request)).kind, 'published')
  }
  assert.equal(asked, 3)
})

test('what another process reserves counts after a second at the latest', async () => {
  await using f = await fixture({ openUploadsPerOwner: 2 })
  const [one, other] = [reservations(f.needs), f.another()]
  using _first = await one.take(`network:${CLIENT.network}`, 1)
  const body = sentBody()
  const upload = other.put({ grant: grantFor('other', 9), client: CLIENT, body })
  await body.send('1')
  body.cut()
  await upload
  f.time += 1_000
  await assert.rejects(
    async () => await one.take(`network:${CLIENT.network}`, 1),
    (error) => error instanceof Refusal && error.code === 'too-many-uploads',
  )
})

test('a store that was away for a while leaves nothing behind', async () => {
  await using f = await fixture({ openUploadsPerOwner: 2 })
  let isAway = true
  const slots = {
    ...f.needs.slots,
    reserved: (owner: string) => {
      if (isAway) throw new Refusal('state-unavailable')
      return f.needs.slots.reserved(owner)
    },
  }
  const engine = f.another({ slots })
  const put = (n: number): Promise<unknown> =>
    engine.put({ grant: grantFor(`n${n}`, 1), client: CLIENT, body: wholeBody('x') })
  for (let n = 0; n < 5; n += 1) await assert.rejects(put(n), { code: 'state-unavailable' })
  isAway = false
  for (let n = 0; n < 9; n += 1) await put(n)
})
