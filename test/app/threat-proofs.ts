import assert from 'node:assert/strict'
import { threatRecords } from '../../src/app/threat-records.ts'
import { threatPolicyOf } from '../../src/app/risk-policy.ts'
import type { MarkStore } from '../../src/abuse/ports.ts'
import type { ClientAddress } from '../../src/core/client-address.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import type { Threat } from '../../src/gate/events.ts'
import type { Threats } from '../../src/gate/threats.ts'
import { memoryMarkStore } from '../../src/stores/memory/mark-store.ts'
import { slotRecord } from '../conformance/slot-store.ts'
import { threatsOf } from '../gate/found-threats.ts'
import { HOME, TRAIN } from '../observe/samples.ts'
import { configOf } from './site.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const DAY = 86_400_000
const USER = 'romeo@montague.example'
const COUNTRIES = new Map([
  [HOME.address, 'DE'],
  [TRAIN.address, 'FR'],
])

/** What was found after something was done at certain seconds. */
type Found = readonly Pick<Threat, 'pattern' | 'effect' | 'count' | 'duration'>[]

/** What `look` makes a process find that has these options; `tell` is given the time in seconds. */
function foundBy(
  flags: readonly string[],
  look: (threats: Threats, at: (seconds: number) => void) => void,
): Found {
  let now = NOON
  const found: Threat[] = []
  const threats = threatsOf(configOf('/', flags), {
    clock: () => now,
    found: (threat) => found.push(threat),
    find: (address) => ({ country: COUNTRIES.get(address) ?? 'BR' }),
  })
  look(threats, (seconds) => {
    now = NOON + seconds * 1000
  })
  return found
}

/** A slot that two networks use in turn, so many times, so many seconds apart. */
function usedInTurn(times: number, apart: number, ...flags: readonly string[]): Found {
  return foundBy(flags, (threats, at) => {
    for (let number = 0; number < times; number += 1) {
      at(number * apart)
      threats.used({ client: number % 2 ? TRAIN : HOME }, { fingerprint: fingerprintOf(path('a')) })
    }
  })
}

/** So many sessions that are tried with wrong keys from one network, so many seconds apart. */
function failing(sessions: number, apart: number, ...flags: readonly string[]): Found {
  return foundBy(flags, (threats, at) => {
    for (let number = 0; number < sessions; number += 1) {
      at(number * apart)
      threats.failed({ client: HOME }, { session: `session ${number}`, why: 'wrong' })
    }
  })
}

function provedInTurn(...flags: readonly string[]): Found {
  return foundBy(flags, (threats, at) => {
    for (let number = 0; number < 4; number += 1) {
      at(number)
      threats.proved({ client: number % 2 ? TRAIN : HOME }, 'session')
    }
  })
}

function path(name: string): ReturnType<typeof parseSlotPath> {
  return parseSlotPath(`a/${name}`)
}

function fileOf(name: string, publishedAt: number): SlotRecord {
  const fingerprint = fingerprintOf(path(name))
  return slotRecord({ fingerprint, state: 'published', publishedAt, user: USER, path: path(name) })
}

/** What is found of a user of whom these many files were removed, half a day apart, and so many are there. */
async function removed(
  {
    deletes,
    standing = 0,
    publishedAt = NOON,
  }: { readonly deletes: number; readonly standing?: number; readonly publishedAt?: number },
  ...flags: readonly string[]
): Promise<Threat | undefined> {
  let now = NOON
  const clock = (): number => now
  const lists = new Map<string, MarkStore>()
  const records = threatRecords({
    stores: {
      marks: (list) => {
        const marks = lists.get(list) ?? memoryMarkStore(clock)
        lists.set(list, marks)
        return marks
      },
    },
    engine: {
      async *files() {
        for (let number = 0; number < standing; number += 1) yield fileOf(`s${number}`, publishedAt)
      },
    },
    policy: threatPolicyOf(configOf('/', flags)),
    clock,
    events: { threatFound: () => undefined },
    lifted: () => undefined,
  })
  let found: Threat | undefined
  for (let number = 0; number < deletes; number += 1) {
    const user = await records.noteAbuse(fileOf(`d${number}`, NOON))
    found = await records.judgeAbuse(user ?? '')
    now += DAY / 2
  }
  return found
}

function effectsOf(found: Found): readonly string[] {
  return found.map(({ pattern, effect }) => `${pattern} ${effect}`)
}

const TURN = 'threats.grant_on_two_networks=watch'
const FROM: readonly ClientAddress[] = [HOME, TRAIN]

/** For each option about threats: it is set to two values, and what is found differs. */
export const THREAT_PROOFS: Readonly<Record<string, () => Promise<void>>> = {
  'threats.grant_on_two_networks': async () => {
    assert.deepEqual(usedInTurn(4, 1), [])
    for (const effect of ['watch', 'level2', 'level3', 'ban']) {
      const found = usedInTurn(4, 1, `threats.grant_on_two_networks=${effect}`)
      assert.deepEqual(effectsOf(found), [`grant-on-two-networks ${effect}`])
    }
  },
  'threats.session_in_two_countries': async () => {
    assert.deepEqual(provedInTurn(), [])
    for (const effect of ['watch', 'level3', 'ban']) {
      const found = provedInTurn(`threats.session_in_two_countries=${effect}`)
      assert.deepEqual(effectsOf(found), [`session-in-two-countries ${effect}`])
    }
  },
  'threats.failing_proofs': async () => {
    assert.deepEqual(failing(20, 1, 'threats.failing_proofs=off'), [])
    assert.deepEqual(effectsOf(failing(20, 1)), ['failing-proofs watch'])
    assert.deepEqual(effectsOf(failing(20, 1, 'threats.failing_proofs=ban')), [
      'failing-proofs ban',
    ])
  },
  'threats.uploads_deleted_for_abuse': async () => {
    assert.equal(await removed({ deletes: 3 }, 'threats.uploads_deleted_for_abuse=off'), undefined)
    assert.equal((await removed({ deletes: 3 }))?.effect, 'watch')
    const banned = await removed({ deletes: 3 }, 'threats.uploads_deleted_for_abuse=ban')
    assert.equal(banned?.effect, 'ban')
  },
  'threats.duration': async () => {
    for (const minutes of [1, 90]) {
      const held = foundBy(
        ['threats.grant_on_two_networks=ban', `threats.duration=${minutes}m`],
        (threats, at) => {
          const slot = { fingerprint: fingerprintOf(path('a')) }
          for (let number = 0; number < 4; number += 1)
            threats.used({ client: FROM[number % 2] ?? HOME }, slot)
          at(minutes * 60 - 1)
          assert.throws(() => threats.refuseBanned({ name: slot.fingerprint }), {
            code: 'session-banned',
          })
          at(minutes * 60)
          threats.refuseBanned({ name: slot.fingerprint })
        },
      )
      assert.deepEqual(
        held.map(({ duration }) => duration),
        [minutes * 60_000],
      )
    }
  },
  'threats.returns': async () => {
    for (const [returns, count] of [
      [2, 1],
      [3, 0],
    ] as const)
      assert.equal(usedInTurn(4, 1, TURN, `threats.returns=${returns}`).length, count)
  },
  'threats.return_within': async () => {
    assert.equal(usedInTurn(4, 3, TURN).length, 0)
    assert.equal(usedInTurn(4, 3, TURN, 'threats.return_within=3s').length, 1)
  },
  'threats.returns_window': async () => {
    assert.equal(usedInTurn(4, 2, TURN).length, 1)
    assert.equal(usedInTurn(4, 2, TURN, 'threats.returns_window=2s').length, 0)
  },
  'threats.failing_sessions': async () => {
    assert.equal(failing(5, 1).length, 0)
    assert.equal(failing(5, 1, 'threats.failing_sessions=5').length, 1)
  },
  'threats.failing_window': async () => {
    assert.equal(failing(20, 20).length, 1)
    assert.equal(failing(20, 20, 'threats.failing_window=1m').length, 0)
  },
  'threats.abuse_deletes': async () => {
    assert.equal(await removed({ deletes: 2 }), undefined)
    assert.equal((await removed({ deletes: 2 }, 'threats.abuse_deletes=2'))?.count, 2)
  },
  'threats.abuse_share': async () => {
    assert.equal(await removed({ deletes: 3, standing: 1 }), undefined)
    // As old as the removed ones may be that count.
    assert.equal(
      await removed({ deletes: 3, standing: 1, publishedAt: NOON - 90 * DAY }),
      undefined,
    )
    assert.ok(await removed({ deletes: 3, standing: 1 }, 'threats.abuse_share=75'))
  },
  'threats.abuse_window': async () => {
    assert.equal(await removed({ deletes: 4 }, 'threats.abuse_window=12h'), undefined)
    assert.ok(await removed({ deletes: 3 }, 'threats.abuse_window=2d'))
  },
  'threats.max_tracked': async () => {
    for (const [most, count] of [
      [1, 0],
      [2, 1],
    ] as const) {
      const found = foundBy([TURN, `threats.max_tracked=${most}`], (threats) => {
        for (let number = 0; number < 4; number += 1)
          for (const name of ['a', 'b'].slice(0, number === 1 ? 2 : 1))
            threats.used(
              { client: FROM[number % 2] ?? HOME },
              { fingerprint: fingerprintOf(path(name)) },
            )
      })
      assert.equal(found.length, count)
    }
  },
}
