import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../src/core/clock.ts'
import { type Fingerprint, fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import { clientAddressOf, clientAddressPolicy } from '../src/http/client-address.ts'
import type { SessionStore } from '../src/sessions/ports.ts'
import { type Sessions, slotSessions } from '../src/sessions/sessions.ts'
import { memorySessionStore } from '../src/stores/memory/session-store.ts'
import { BenchFailure } from './failure.ts'

/** Sessions whose memory is measured. */
const MEASURED = 100_000

const CLIENTS = clientAddressPolicy({ source: 'peer', trustedProxies: [] })
const WIFI = { kind: 'ip', address: '192.0.2.7' } as const
const MOBILE = { kind: 'ip', address: '198.51.100.7' } as const

function slots(count: number): Fingerprint[] {
  return Array.from({ length: count }, (_, at) => fingerprintOf(parseSlotPath(`stored/${at}`)))
}

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

/** Gives each slot a session with two networks and an unfinished upload. */
async function fill(sessions: Sessions, all: readonly Fingerprint[]): Promise<void> {
  const [wifi, mobile] = [visitorAt(WIFI), visitorAt(MOBILE)]
  for (const slot of all) {
    sessions.visit(slot, wifi)
    sessions.opened(slot)
    sessions.visit(slot, mobile)
  }
  await sessions.flush()
}

/** Stores so many sessions, each with two networks and an unfinished upload. */
export async function storeSessions(store: SessionStore, count: number): Promise<void> {
  await fill(sessionsOver(store), slots(count))
}

/** Bytes of the heap in use, garbage left out. */
export function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') for (let time = 0; time < 3; time += 1) collect()
  return process.memoryUsage().heapUsed
}

/** Bytes of memory that one session takes with the `memory` backend. */
export interface SessionMemory {
  readonly used: number
  /** An hour later. */
  readonly idle: number
}

/** Measures what sessions take of the heap: of this process, so before anything else is in it. */
export async function measureSessionMemory(): Promise<SessionMemory> {
  let now = systemClock()
  const all = slots(MEASURED)
  const before = heapUsed()
  const store = memorySessionStore()
  const sessions = sessionsOver(store, () => now)
  await fill(sessions, all)
  const used = (heapUsed() - before) / MEASURED
  now += 3_600_000
  await sessions.flush()
  const idle = (heapUsed() - before) / MEASURED
  if ((await store.count()) !== MEASURED) throw new BenchFailure('Sessions are missing.')
  return { used, idle }
}
