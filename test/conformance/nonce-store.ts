import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Instant } from '../../src/core/clock.ts'
import { randomId } from '../../src/core/random.ts'
import type { NonceStore } from '../../src/proof/ports.ts'

/** A store, and what its clock says. */
export interface OpenNonces {
  readonly store: NonceStore
  readonly now: () => Instant
}

const HOUR = 60 * 60_000

/**
 * What every `NonceStore` does; `open` opens the store that `beside` opens once more, as another server would.
 */
export function nonceStoreConformance(
  name: string,
  { open, beside }: { open: () => Promise<OpenNonces>; beside?: () => Promise<OpenNonces> },
): void {
  suite(`nonce store ${name}`, () => {
    test('a nonce is redeemed once', async () => {
      const { store, now } = await open()
      await using _store = store
      const nonce = randomId(16)
      assert.equal(await store.redeem(nonce, now() + HOUR), true)
      assert.equal(await store.redeem(nonce, now() + HOUR), false)
      assert.equal(await store.redeem(nonce, now() + 2 * HOUR), false)
    })

    test('one nonce says nothing of another', async () => {
      const { store, now } = await open()
      await using _store = store
      const nonce = randomId(16)
      for (const each of [nonce, nonce.toLowerCase(), nonce.slice(1), `${nonce}a`]) {
        assert.equal(await store.redeem(each, now() + HOUR), true)
      }
    })

    test('of many who redeem a nonce at once, one is the first', async () => {
      const { store, now } = await open()
      await using _store = store
      const nonce = randomId(16)
      const all = Array.from({ length: 50 }, () => store.redeem(nonce, now() + HOUR))
      assert.equal((await Promise.all(all)).filter(Boolean).length, 1)
    })

    test('a nonce stays redeemed, however many are redeemed after it', async () => {
      const { store, now } = await open()
      await using _store = store
      const nonce = randomId(16)
      await store.redeem(nonce, now() + HOUR)
      const others = Array.from({ length: 500 }, () => store.redeem(randomId(16), now() + HOUR))
      assert.ok((await Promise.all(others)).every(Boolean))
      assert.equal(await store.redeem(nonce, now() + HOUR), false)
    })

    test('a nonce that is over when it is redeemed is redeemed all the same', async () => {
      const { store, now } = await open()
      await using _store = store
      assert.equal(await store.redeem(randomId(16), now() - HOUR), true)
    })

    if (beside !== undefined) besideCases(open, beside)
  })
}

function besideCases(open: () => Promise<OpenNonces>, beside: () => Promise<OpenNonces>): void {
  test('what one server redeemed, another cannot', async () => {
    const [{ store: one, now }, { store: two }] = [await open(), await beside()]
    await using _one = one
    await using _two = two
    const nonce = randomId(16)
    assert.equal(await one.redeem(nonce, now() + HOUR), true)
    assert.equal(await two.redeem(nonce, now() + HOUR), false)
  })
}
