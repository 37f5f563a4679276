import assert from 'node:assert/strict'
import test from 'node:test'
import { sentBody } from './bodies.ts'
import { type Fixture, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const UNWANTED = clientAt('127.0.0.2')
const OTHER = clientAt('127.0.0.3')

/** Ends what is of the unwanted client; how many that were. */
function end({ engine }: Fixture): number {
  return engine.end(({ client }) => client.address === UNWANTED.address)
}

test('who is unwanted is ended once and leaves what came; who is not goes on', async () => {
  await using f = await fixture()
  const [body, other] = [sentBody(), sentBody()]
  const ended = f.engine.put({ grant: grantFor('a', 6), client: UNWANTED, body })
  const going = f.engine.put({ grant: grantFor('b', 6), client: OTHER, body: other })
  await Promise.all([body.send('abc'), other.send('abc')])
  assert.deepEqual([end(f), end(f)], [1, 0])
  assert.equal((await ended).kind, 'cut')
  const slot = await f.needs.slots.find(grantFor('a', 6).fingerprint)
  assert.deepEqual(
    slot?.uploads.map(({ durable }) => durable),
    [3],
  )
  await other.send('def')
  other.end()
  assert.equal((await going).kind, 'published')
})

test('who is unwanted after the last byte has come is served', async () => {
  await using f = await fixture()
  const body = sentBody()
  const outcome = f.engine.put({ grant: grantFor('a', 3), client: UNWANTED, body })
  await body.send('abc')
  assert.equal(end(f), 0)
  body.end()
  assert.equal((await outcome).kind, 'published')
})
