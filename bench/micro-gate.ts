import type { Grant } from '../src/core/grant.ts'
import { systemClock } from '../src/core/clock.ts'
import { fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import type { Admission, GateRequest } from '../src/gate/gate.ts'
import { clientAddressOf, clientAddressPolicy } from '../src/http/client-address.ts'
import { configOf } from '../test/app/site.ts'
import { gateOf } from '../test/gate/fixture.ts'
import type { MicroCall, MicroCase } from './micro.ts'

/** Slots that take turns: each is new only once, all of them fit the sessions' memory. */
const SLOTS = 50_000

const CLIENT = clientAddressOf(
  { kind: 'ip', address: '192.0.2.7' },
  {},
  clientAddressPolicy({ source: 'peer', trustedProxies: [] }),
)

function grantAt(index: number): Grant {
  const path = parseSlotPath(`a1b2c3/photo-${index}.jpg`)
  const fingerprint = fingerprintOf(path)
  return { scheme: 'v2', path, fingerprint, size: 5, contentType: 'image/jpeg' }
}

const REQUEST: GateRequest = {
  client: CLIENT,
  method: 'PUT',
  headers: { 'user-agent': 'Conversations/2.17.0 (Android 15)' },
  target: {
    rawPath: 'a1b2c3/photo.jpg',
    queryText: 'v2=00',
    query: new URLSearchParams('v2=00'),
  },
  adorn: () => {},
}

/** The gate behind a grant that is right at once: what is left is the session and the level. */
async function admitting(use: (admission: Admission) => Promise<unknown>): Promise<MicroCall> {
  const grants = Array.from({ length: SLOTS }, (_, index) => grantAt(index))
  const [first = grantAt(0)] = grants
  let next = first
  const gate = gateOf(configOf('/nowhere'), {
    verify: async () => next,
    verifyDelete: () => {},
  })
  return {
    call: async (index) => {
      next = grants[index % SLOTS] ?? first
      await gate.admit(REQUEST, { size: 5 }, use)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

const DONE = Promise.resolve()

/** The session and the level of a request that has nothing to show but its grant. */
export const GATE_CASES: readonly MicroCase[] = [
  {
    name: 'gate: a slot that was not used before',
    calls: 9_000,
    prepare: async () => await admitting(() => DONE),
  },
  {
    name: 'gate: a slot that goes on, with its level',
    calls: 9_000,
    prepare: async () =>
      await admitting(async ({ grant: { fingerprint }, passage }) => {
        const opened = { openedAt: systemClock(), network: CLIENT.network, uploads: [] }
        const slot = { fingerprint, state: 'open', ...opened } as const
        await passage.judge?.(slot, { reopens: false })
      }),
  },
]
