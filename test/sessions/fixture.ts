import type { ClientAddress } from '../../src/core/client-address.ts'
import { type Fingerprint, fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import type { SessionPolicy } from '../../src/sessions/needs.ts'
import type { SessionStore } from '../../src/sessions/ports.ts'
import { type Sessions, slotSessions } from '../../src/sessions/sessions.ts'
import { memorySessionStore } from '../../src/stores/memory/session-store.ts'

export const START = 1_800_000_000_000
export const HOUR = 3_600_000

const POLICY: SessionPolicy = { isEnabled: true, maxSessions: 1_000, maxAge: 72 * HOUR }

/** Sessions over a store in memory, a clock that the test sets, and what was told. */
export interface Fixture {
  readonly sessions: Sessions
  readonly store: SessionStore
  readonly told: string[]
  /** Slots that went on without a session. */
  readonly refused: ReadonlySet<string>
  time: number
  /** The sessions of another process, or of this one after a restart. */
  another(): Sessions
  /** Those of one of several processes. */
  among(): Sessions
}

export function fixture(
  policy: Partial<SessionPolicy> = {},
  store = memorySessionStore(),
): Fixture {
  const told: string[] = []
  const refused = new Set<string>()
  const state = { time: START }
  const processOf = (isShared: boolean): Sessions =>
    slotSessions({
      isShared,
      store,
      events: {
        opened: () => told.push('opened'),
        networkChanged: (_session, { from, to }) => told.push(`${from.network} → ${to.network}`),
        expired: () => told.push('expired'),
        evicted: () => told.push('evicted'),
        noRoom(slotWithout) {
          told.push('no room')
          refused.add(slotWithout)
        },
      },
      clock: () => state.time,
      policy: () => ({ ...POLICY, ...policy }),
      networkName: ({ network }) => network,
    })
  return {
    sessions: processOf(false),
    store,
    told,
    refused,
    another: () => processOf(false),
    among: () => processOf(true),
    get time(): number {
      return state.time
    },
    set time(value: number) {
      state.time = value
    },
  }
}

/** The slot of that name. */
export function slot(name: string): Fingerprint {
  return fingerprintOf(parseSlotPath(name))
}

const policy = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

/** A client at that address. */
export function clientAt(address: string): ClientAddress {
  return clientAddressOf({ kind: 'ip', address }, {}, policy)
}

export const WIFI = { client: clientAt('192.0.2.7'), userAgent: 'Dino/0.5' }
export const MOBILE = { client: clientAt('198.51.100.7'), userAgent: 'Dino/0.5' }
