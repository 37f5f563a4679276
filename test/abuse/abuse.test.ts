import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type AbusePolicy, type Presenter, abuse } from '../../src/abuse/abuse.ts'
import type { Counters } from '../../src/abuse/ports.ts'
import { memoryCounters } from '../../src/stores/memory/counters.ts'

const NETWORK = '192.0.2.0/24'
const OTHER = '198.51.100.0/24'

const POLICY: AbusePolicy = {
  failuresPerNetwork: 5,
  failuresPerSession: 2,
  failureWindow: 300_000,
  failureBlock: 30_000,
  uploadsPerUser: 3,
  uploadsWindow: 600_000,
  bannedNetworks: [],
  bannedUsers: [],
}

/** Limits, what the operator can do to them, and their time. */
interface Limited {
  readonly failed: (presenter: Presenter) => Promise<number | undefined>
  readonly opening: (owner: string) => Promise<number | undefined>
  readonly change: (changes: Partial<AbusePolicy>) => void
  readonly pass: (milliseconds: number) => void
}

function limited(t: TestContext, changes: Partial<AbusePolicy> = {}): Limited {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  let policy = { ...POLICY, ...changes }
  const limits = abuse({
    failures: memoryCounters(),
    uploads: memoryCounters(),
    policy: () => policy,
  })
  return {
    failed: async (presenter) => await limits.failed(presenter),
    opening: async (owner) => await limits.opening(owner),
    change: (more) => {
      policy = { ...policy, ...more }
    },
    pass: (milliseconds) => t.mock.timers.tick(milliseconds),
  }
}

/** By what presenters of a kind are told apart. */
function look(presenter: string): string {
  return hash('sha256', presenter, 'base64url').slice(0, 3)
}

/** What so many calls, one after the other, resolve to. */
async function answers(
  times: number,
  call: () => Promise<number | undefined>,
): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = []
  for (let time = 0; time < times; time++) found.push(await call())
  return found
}

test('a network that failed as often as it may is told to wait from the next failure on', async (t) => {
  const { failed } = limited(t)
  const five = Array.from({ length: 5 }, () => undefined)
  assert.deepEqual(await answers(6, () => failed({ network: NETWORK })), [...five, 30])
})

test('who fails again while told to wait waits for the rest, and then begins anew', async (t) => {
  const { failed, pass } = limited(t)
  await answers(6, () => failed({ network: NETWORK }))
  pass(12_500)
  assert.equal(await failed({ network: NETWORK }), 18)
  pass(17_499)
  assert.equal(await failed({ network: NETWORK }), 1)
  pass(1)
  assert.equal(await failed({ network: NETWORK }), undefined)
})

test('failures that come too slowly to fill a window are never told to wait', async (t) => {
  const { failed, pass } = limited(t)
  for (let round = 0; round < 4; round++) {
    const found = await answers(5, () => failed({ network: NETWORK }))
    assert.ok(found.every((seconds) => seconds === undefined))
    pass(300_000)
  }
})

test('the failures of one network are not those of another', async (t) => {
  const { failed } = limited(t)
  await answers(50, () => failed({ network: NETWORK }))
  assert.equal(await failed({ network: OTHER }), undefined)
})

test('failures with a session count for the session and the network together: the owner elsewhere never waits', async (t) => {
  const { failed } = limited(t)
  const stranger = { network: OTHER, session: 'S' }
  assert.deepEqual(await answers(3, () => failed(stranger)), [undefined, undefined, 30])
  assert.equal(await failed({ network: NETWORK, session: 'S' }), undefined)
  assert.equal(await failed({ network: OTHER, session: 'another' }), undefined)
})

test('a session that is claimed because its name looks like that of a network does not fill the count of it', async (t) => {
  const { failed } = limited(t, { failuresPerSession: 100 })
  let number = 0
  while (look(`S${number} ${OTHER}`) !== look(NETWORK)) number++
  await answers(10, () => failed({ network: OTHER, session: `S${number}` }))
  assert.equal(await failed({ network: NETWORK }), undefined)
})

test('changing the claimed session does not shed the failures of the network', async (t) => {
  const { failed } = limited(t)
  let number = 0
  const found = await answers(6, () => failed({ network: NETWORK, session: `S${number++}` }))
  assert.equal(found.at(-1), 30)
})

test('of two waits the longer one is told', async (t) => {
  const { failed, pass } = limited(t)
  const presenter = { network: NETWORK, session: 'S' }
  await answers(3, () => failed(presenter))
  pass(10_000)
  await answers(2, () => failed({ network: NETWORK }))
  assert.equal(await failed(presenter), 30)
})

test('whoever else fails, from a thousand networks and with its session, an owner uploads as before', async (t) => {
  const { failed, opening } = limited(t, { uploadsPerUser: 1000 })
  const user = 'romeo@example.org'
  for (let number = 0; number < 1000; number++) {
    const network = `2001:db8:${number}::/56`
    await answers(4, () => failed({ network, session: 'S' }))
    assert.equal(await opening(user), undefined)
  }
  assert.equal(await failed({ network: NETWORK, session: 'S' }), undefined)
})

test('strangers cannot have more names counted than two times 18 bits tell apart, and names tell nobody who it was', async () => {
  const counters = memoryCounters()
  const names = new Set<string>()
  const noted: Counters = {
    ...counters,
    add: async (name, window) => {
      names.add(name)
      return await counters.add(name, window)
    },
  }
  const limits = abuse({ failures: noted, uploads: noted, policy: () => POLICY })
  for (let number = 0; number < 500; number++) {
    await limits.failed({ network: `2001:db8:${number}::/56`, session: `S${number}` })
  }
  assert.ok(names.size > 900)
  assert.ok([...names].every((name) => /^[ns][\w-]{3}$/u.test(name)))
  names.clear()
  await limits.opening('romeo@example.org')
  assert.match([...names].join(), /^[\w-]{43}$/u)
})

test('a user may begin so many uploads in a window, then waits for its end', async (t) => {
  const { opening, pass } = limited(t)
  const call = async (): Promise<number | undefined> => await opening('romeo@example.org')
  assert.deepEqual(await answers(4, call), [undefined, undefined, undefined, 600])
  pass(599_000)
  assert.equal(await call(), 1)
  assert.equal(await opening('juliet@example.org'), undefined)
  pass(1000)
  assert.equal(await call(), undefined)
})

test('failures take nothing from the uploads of a user with the same name', async (t) => {
  const { failed, opening } = limited(t)
  await answers(50, () => failed({ network: 'romeo@example.org' }))
  assert.equal(await opening('romeo@example.org'), undefined)
})

test('a limit of 0 is none, and new limits hold from the next event on', async (t) => {
  const { failed, opening, change } = limited(t, {
    failuresPerNetwork: 0,
    failuresPerSession: 0,
    uploadsPerUser: 0,
  })
  const presenter = { network: NETWORK, session: 'S' }
  const free = [
    ...(await answers(100, () => failed(presenter))),
    ...(await answers(100, () => opening('romeo@example.org'))),
  ]
  assert.ok(free.every((seconds) => seconds === undefined))
  change({ failuresPerNetwork: 1, failureBlock: 7000 })
  assert.deepEqual(await answers(2, () => failed(presenter)), [undefined, 7])
})

test('exactly those that come within the allowance pass, whatever the numbers are', async (t) => {
  const { failed, opening, change } = limited(t)
  let run = 0
  const numbers = fc.integer({ min: 1, max: 20 })
  await fc.assert(
    fc.asyncProperty(numbers, numbers, async (allowed, events) => {
      change({ failuresPerNetwork: allowed, uploadsPerUser: allowed })
      const name = `run ${run++}`
      for (const call of [() => failed({ network: name }), () => opening(name)]) {
        const found = await answers(events, call)
        const passed = found.filter((seconds) => seconds === undefined).length
        assert.equal(passed, Math.min(allowed, events))
      }
    }),
  )
})
