import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { suite, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Grant } from '../../src/core/grant.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { GateRequest } from '../../src/gate/gate-request.ts'
import type { GateNeeds } from '../../src/gate/needs.ts'
import { openSession } from '../../src/gate/opening-way.ts'
import type { Admission, JudgedSlot } from '../../src/gate/passage.ts'
import { sessionNameOf } from '../../src/sessions/bound-sessions.ts'
import { configOf } from '../app/site.ts'
import { HOUR, WIFI } from '../sessions/fixture.ts'
import { gateNeedsOf } from './fixture.ts'

const path = parseSlotPath('a/b.txt')
const GRANT: Grant = {
  scheme: 'jwt',
  path,
  fingerprint: fingerprintOf(path),
  size: 10,
  contentType: 'text/plain',
}

/** A gate whose slot the test stores. */
interface Opening {
  readonly needs: GateNeeds
  slot: JudgedSlot | undefined
  /** The store of slots cannot be reached. */
  isAway: boolean
  /** Opens a session with the same nonce each time; resolves to what the answer tells. */
  open(use: (admission: Admission) => Promise<void>): Promise<OutgoingHttpHeaders>
}

function opening(grant = GRANT): Opening {
  const config = configOf('/nowhere', [])
  const findSlot = async (): Promise<JudgedSlot | undefined> => {
    if (f.isAway) throw new Refusal('state-unavailable')
    return f.slot
  }
  const needs: GateNeeds = { ...gateNeedsOf(config), findSlot }
  const f: Opening = {
    needs,
    slot: undefined,
    isAway: false,
    async open(use) {
      const told: OutgoingHttpHeaders = {}
      const request: GateRequest = {
        client: WIFI.client,
        method: 'PUT',
        headers: {},
        target: { rawPath: path, queryText: '', query: new URLSearchParams() },
        adorn: (fields) => void Object.assign(told, fields),
      }
      const wanted = { key: 'hmac', nonceHash: 'n' } as const
      const wish = { request, grant, wanted, unbound: async () => 'pass' as const }
      await openSession(wish, use, needs).catch((error: unknown) =>
        assert.ok(error instanceof Refusal),
      )
      return told
    },
  }
  return f
}

/** The slot as it is stored when it is bound to that session. */
function boundTo(session: string | undefined): JudgedSlot {
  const { scheme, fingerprint } = GRANT
  const past = { openedAt: 0, network: WIFI.client.network, uploads: [] }
  return { scheme, path, fingerprint, state: 'open', ...(session && { session }), ...past }
}

suite('a session is opened', () => {
  test('and told, when its slot is stored as its own, even if the request is refused after that', async () => {
    const f = opening()
    const told = await f.open(async ({ passage }) => {
      f.slot = boundTo(passage.binds)
      throw new Refusal('offset-mismatch')
    })
    assert.equal(sessionNameOf(String(told['x-session-id'])), f.slot?.session)
    assert.ok(await f.needs.bound.find(f.slot?.session ?? ''))
  })

  test('and gone again, when no slot is stored as its own', async () => {
    const ends: readonly ((f: Opening) => void)[] = [
      () => {},
      (f) => {
        f.slot = boundTo(undefined)
      },
      (f) => {
        f.slot = boundTo('another')
      },
      () => {
        throw new Refusal('state-unavailable')
      },
    ]
    for (const end of ends) {
      const f = opening()
      const names: string[] = []
      const told = await f.open(async ({ passage }) => {
        names.push(passage.binds ?? '')
        end(f)
      })
      assert.deepEqual(told, {})
      assert.equal(await f.needs.bound.find(names[0] ?? ''), undefined)
    }
  })

  test('and gives way to others, not told, when nobody can say whose its slot is', async () => {
    const f = opening()
    f.isAway = true
    const names: string[] = []
    const told = await f.open(async ({ passage }) => void names.push(passage.binds ?? ''))
    await f.needs.bound.flush()
    assert.deepEqual(told, {})
    assert.deepEqual((await f.needs.bound.find(names[0] ?? ''))?.uploads, [])
  })
})

/** A slot that a first session holds, and a request that repeats its opening: it stores, or fails. */
async function repeated(
  store: (f: Opening, binds: string) => void,
  grant = GRANT,
): Promise<{ f: Opening; older: string; told: OutgoingHttpHeaders }> {
  const f = opening(grant)
  await f.open(async ({ passage }) => {
    f.slot = boundTo(passage.binds)
  })
  const older = f.slot?.session ?? ''
  const told = await f.open(async ({ passage }) => {
    assert.ok(f.slot)
    assert.equal(await passage.judge?.(f.slot, { reopens: false }), 'rebind')
    store(f, passage.binds ?? '')
  })
  await f.needs.bound.flush()
  return { f, older, told }
}

suite('a session in the place of another', () => {
  test('takes its upload over once the slot is stored', async () => {
    const { f, older, told } = await repeated((opened, binds) => {
      opened.slot = boundTo(binds)
    })
    const newer = f.slot?.session ?? ''
    assert.equal(sessionNameOf(String(told['x-session-id'])), newer)
    assert.deepEqual((await f.needs.bound.find(older))?.uploads, [])
    assert.deepEqual((await f.needs.bound.find(newer))?.uploads, [GRANT.fingerprint])
  })

  test('is not opened at level 3: the grant expired long ago', async () => {
    const grant = { ...GRANT, expiresAt: systemClock() - 3 * HOUR }
    const { told } = await repeated(() => assert.fail('let in'), grant)
    assert.equal(told['x-security-level'], '3')
  })

  test('takes nothing from it when the slot could not be stored, and is never told', async () => {
    const { f, older, told } = await repeated(() => {
      throw new Refusal('state-unavailable')
    })
    assert.deepEqual(told, {})
    assert.equal(f.slot?.session, older)
    assert.deepEqual((await f.needs.bound.find(older))?.uploads, [GRANT.fingerprint])
  })
})
