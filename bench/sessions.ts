import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock, systemStopwatch } from '../src/core/clock.ts'
import { randomId } from '../src/core/random.ts'
import { type Fingerprint, fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import { clientAddressOf, clientAddressPolicy } from '../src/http/client-address.ts'
import type { SessionStore } from '../src/sessions/ports.ts'
import { type Sessions, slotSessions } from '../src/sessions/sessions.ts'
import { memorySessionStore } from '../src/stores/memory/session-store.ts'
import { sqliteSessions } from '../src/stores/sqlite/session-store.ts'
import { openState } from '../src/stores/sqlite/state.ts'
import { median } from './statistics.ts'

/** Sessions that are stored while requests come. */
const STORED = 100_000

/** Requests whose cost is measured at a time, and how often. */
const REQUESTS = 2_000
const ROUNDS = 21

const CLIENTS = clientAddressPolicy({ source: 'peer', trustedProxies: [] })
const SLOTS = Array.from({ length: STORED }, newSlot)

function newSlot(): Fingerprint {
  return fingerprintOf(parseSlotPath(randomId(12)))
}

const WIFI = { kind: 'ip', address: '192.0.2.7' } as const
const MOBILE = { kind: 'ip', address: '198.51.100.7' } as const

function visitorAt(peer: { kind: 'ip'; address: string }): Parameters<Sessions['visit']>[1] {
  const userAgent = 'Conversations/2.17.0 (Android 15)'
  return { client: clientAddressOf(peer, {}, CLIENTS), userAgent }
}

function nothing(): void {}

function sessionsOver(store: SessionStore, clock = systemClock): Sessions {
  return slotSessions({
    store,
    clock,
    events: {
      opened: nothing,
      networkChanged: nothing,
      expired: nothing,
      evicted: nothing,
      noRoom: nothing,
    },
    policy: () => ({ isEnabled: true, maxSessions: 1_000_000, maxAge: 72 * 3_600_000 }),
    networkName: ({ network }) => network,
  })
}

/** Bytes of the heap in use, garbage left out. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') for (let time = 0; time < 3; time += 1) collect()
  return process.memoryUsage().heapUsed
}

/** Gives every slot a session with two networks and an unfinished upload. */
async function fill(sessions: Sessions): Promise<void> {
  const [wifi, mobile] = [visitorAt(WIFI), visitorAt(MOBILE)]
  for (const slot of SLOTS) {
    sessions.visit(slot, wifi)
    sessions.opened(slot)
    sessions.visit(slot, mobile)
  }
  await sessions.flush()
}

/** Bytes of memory that one idle session takes with the `memory` backend. */
async function bytesPerSession(): Promise<{ used: number; idle: number }> {
  let now = systemClock()
  const before = heapUsed()
  const store = memorySessionStore()
  const sessions = sessionsOver(store, () => now)
  await fill(sessions)
  const used = (heapUsed() - before) / STORED
  now += 3_600_000
  await sessions.flush()
  const idle = (heapUsed() - before) / STORED
  if ((await store.count()) !== STORED) throw new Error('sessions are missing')
  return { used, idle }
}

/** Microseconds that sessions add to a request that uploads a small file, the share of the flush included. */
async function costOfRequest(store: SessionStore): Promise<number> {
  const sessions = sessionsOver(store)
  const visitor = visitorAt(WIFI)
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const slots = Array.from({ length: REQUESTS }, newSlot)
    const start = systemStopwatch()
    for (const slot of slots) {
      sessions.visit(slot, visitor)
      sessions.opened(slot)
      sessions.ended(slot)
    }
    await sessions.flush()
    rounds.push(((systemStopwatch() - start) * 1000) / REQUESTS)
  }
  return median(rounds)
}

/** Microseconds to bring one session that is stored up to date, in a flush of many. */
async function costOfReturn(store: SessionStore): Promise<number> {
  const sessions = sessionsOver(store)
  const visitor = visitorAt(WIFI)
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = systemStopwatch()
    for (const slot of SLOTS.slice(round * REQUESTS, (round + 1) * REQUESTS)) {
      sessions.visit(slot, visitor)
    }
    await sessions.flush()
    rounds.push(((systemStopwatch() - start) * 1000) / REQUESTS)
  }
  return median(rounds)
}

const { used, idle } = await bytesPerSession()
process.stdout.write(
  `memory: ${used.toFixed(0)} bytes per session in use, ${idle.toFixed(0)} idle\n`,
)

const folder = mkdtempSync(path.join(tmpdir(), 'hfs-sessions-'))
try {
  using state = openState({ path: path.join(folder, 'state.db'), durability: 'full' })
  const store = sqliteSessions(state)
  const empty = await costOfRequest(store)
  await fill(sessionsOver(store))
  const full = await costOfRequest(store)
  const back = await costOfReturn(store)
  process.stdout.write(
    `sqlite: ${empty.toFixed(2)} µs per small upload with no session stored, ` +
      `${full.toFixed(2)} with ${STORED}; ${back.toFixed(1)} µs per client that comes back\n`,
  )
} finally {
  rmSync(folder, { recursive: true })
}
