import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { NonceStore } from '../../src/proof/ports.ts'
import { memoryNonceStore } from '../../src/stores/memory/nonce-store.ts'
import { sqliteNonces } from '../../src/stores/sqlite/nonce-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import { type OpenNonces, nonceStoreConformance } from '../conformance/nonce-store.ts'

const NOW = 1_790_000_000_000

const folder = mkdtempSync(join(tmpdir(), 'nonces-'))
after(() => rmSync(folder, { recursive: true }))

let now = NOW
const clock = (): number => now

function open(path: string): NonceStore {
  const state = openState({ path, durability: 'normal' })
  return {
    ...sqliteNonces(state, clock),
    [Symbol.asyncDispose]: async () => state[Symbol.dispose](),
  }
}

async function opened(store: NonceStore): Promise<OpenNonces> {
  return { store, now: clock }
}

nonceStoreConformance('memory', { open: async () => await opened(memoryNonceStore(clock)) })
nonceStoreConformance('sqlite', {
  open: async () => await opened(open(join(folder, 'state.db'))),
  beside: async () => await opened(open(join(folder, 'state.db'))),
})

/** How many of a thousand nonces that ended are known after as many new ones; the clock is set back to ask. */
async function rememberedAfterTheirEnd(store: NonceStore): Promise<number> {
  now = NOW
  const ended = Array.from({ length: 1000 }, (_, number) => `ended ${number}`)
  await Promise.all(ended.map(async (nonce, at) => await store.redeem(nonce, NOW + 1 + (at % 7))))
  now = NOW + 10
  const fresh = Array.from({ length: 600 }, (_, number) => `fresh ${number}`)
  for (const nonce of fresh) await store.redeem(nonce, NOW + 1_000_000)
  now = NOW
  const again = ended.map(async (nonce) => await store.redeem(nonce, NOW + 100))
  return (await Promise.all(again)).filter((isFirst) => !isFirst).length
}

test('memory does not keep what has ended', async () => {
  await using store = memoryNonceStore(clock)
  assert.equal(await rememberedAfterTheirEnd(store), 0)
})

test('the state file does not keep what has ended', async () => {
  await using store = open(':memory:')
  assert.equal(await rememberedAfterTheirEnd(store), 0)
})

test('a redeemed nonce stands in the state file before it counts, for the time after a crash', async () => {
  const path = join(folder, 'crash.db')
  const store = open(path)
  now = NOW
  assert.equal(await store.redeem('one', NOW + 1000), true)
  // The file as a crash would leave it: nothing was closed.
  await using other = open(path)
  assert.equal(await other.redeem('one', NOW + 1000), false)
  await store[Symbol.asyncDispose]()
})

test('without the state file nothing is redeemed', async () => {
  const store = open(join(folder, 'gone.db'))
  await store[Symbol.asyncDispose]()
  await assert.rejects(store.redeem('one', NOW + 1000), { code: 'state-unavailable' })
})

/** Nonces that a process of its own redeemed, told once it is asked. */
async function startRedeemer(path: string): Promise<ChildProcess> {
  const redeemer = fork(new URL(import.meta.resolve('./nonce-redeemer.ts')), [path])
  await once(redeemer, 'message')
  return redeemer
}

async function redeemedBy(redeemer: ChildProcess, nonces: readonly string[]): Promise<unknown> {
  const told = once(redeemer, 'message')
  redeemer.send(nonces)
  const [[redeemed]] = await Promise.all([told, once(redeemer, 'exit')])
  return redeemed
}

test('of processes that redeem many nonces at once, each nonce has exactly one', async () => {
  const path = join(folder, 'shared.db')
  const redeemers = await Promise.all([startRedeemer(path), startRedeemer(path)])
  const nonces = Array.from({ length: 200 }, (_, number) => `nonce ${number}`)
  const redeemed = await Promise.all(
    redeemers.map(async (redeemer) => await redeemedBy(redeemer, nonces)),
  )
  assert.deepEqual(redeemed.flat().map(String).toSorted(), nonces.toSorted())
})
