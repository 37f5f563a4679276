/** A process of its own that redeems the nonces it is sent, one after the other, and tells which it was the first with. */
import { once } from 'node:events'
import { systemClock } from '../../src/core/clock.ts'
import { sqliteNonces } from '../../src/stores/sqlite/nonce-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'

const [, , path = ''] = process.argv
using state = openState({ path, durability: 'normal', busyTimeout: 20_000 })
const store = sqliteNonces(state, systemClock)
const asked = once(process, 'message')
process.send?.('ready')
const [nonces] = await asked
const redeemed: string[] = []
if (Array.isArray(nonces)) {
  for (const nonce of nonces.map(String)) {
    if (await store.redeem(nonce, systemClock() + 60_000)) redeemed.push(nonce)
  }
}
process.send?.(redeemed)
process.disconnect()
