import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { type Site, auditOf, eventually, startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { halfSent } from './visits.ts'
import { ask } from './wire-client.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** An upload that is large enough to be cut in the middle. */
export function largePut(path = 'a/b.txt'): SignedPut {
  return signedPut(path, randomBytes(1000))
}

/** Sends half of the body from an address and loses the connection; returns when the server knows. */
export async function cutUpload(site: Site, put: SignedPut, from = '127.0.0.2'): Promise<void> {
  const cuts = countOf(site)
  const wire = await halfSent(site, put, from)
  wire.socket.destroy()
  await eventually(async () => countOf(site) > cuts)
}

function countOf(site: Site): number {
  return site.log().split('upload interrupted').length
}

/** Runs a site, shuts it down, and returns what its audit trail tells of. */
async function auditedEvents(
  flags: readonly string[],
  visit: (site: Site) => Promise<unknown>,
): Promise<unknown[]> {
  await using site = await startSite(flags)
  await visit(site)
  await site.server.shutdown()
  return (await auditOf(site.folder)).map(({ event }) => event)
}

/** The status of an upload that is sent again so long after it was cut, with a grant that carries no time. */
async function statusAfter(t: TestContext, flag: string, wait: number): Promise<number> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  try {
    await using site = await startSite([flag])
    const put = largePut()
    await cutUpload(site, put)
    t.mock.timers.setTime(systemClock() + wait)
    return (await ask(site.port, put)).status
  } finally {
    t.mock.timers.reset()
  }
}

async function switchNetwork(site: Site): Promise<void> {
  const put = largePut()
  await cutUpload(site, put, '127.0.0.2')
  await ask(site.port, { ...put, from: '127.0.1.2' })
}

async function isExpiredAfter(t: TestContext, interval: string): Promise<boolean> {
  t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: systemClock() })
  try {
    const flags = ['session_store.max_session_age=1m', `session_store.cleanup_interval=${interval}`]
    const events = await auditedEvents(flags, async (site) => {
      await cutUpload(site, largePut())
      t.mock.timers.tick(2 * MINUTE)
      if (interval === '30s') await site.logged('session expired')
    })
    return events.includes('session-ended')
  } finally {
    t.mock.timers.reset()
  }
}

/** For each option about sessions: it is set to two values, and somebody can tell them apart. */
export const SESSION_PROOFS: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
  'session_store.enabled': async () => {
    for (const enabled of [true, false]) {
      const events = await auditedEvents([`session_store.enabled=${enabled}`], switchNetwork)
      assert.equal(events.includes('network-changed'), enabled)
    }
  },
  'session_store.max_sessions': async () => {
    for (const most of [1, 2]) {
      const events = await auditedEvents([`session_store.max_sessions=${most}`], async (site) => {
        using _one = await halfSent(site, largePut('a/one.txt'))
        await ask(site.port, largePut('a/two.txt'))
      })
      assert.equal(events.includes('session-refused'), most === 1)
    }
  },
  'session_store.cleanup_interval': async (t) => {
    assert.equal(await isExpiredAfter(t, '30s'), true)
    assert.equal(await isExpiredAfter(t, '10m'), false)
  },
  'session_store.max_session_age': async (t) => {
    assert.equal(await statusAfter(t, 'session_store.max_session_age=1h', 2 * HOUR), 403)
    assert.equal(await statusAfter(t, 'session_store.max_session_age=3h', 2 * HOUR), 201)
  },
  'network_resilience.enabled': async (t) => {
    assert.equal(await statusAfter(t, 'network_resilience.enabled=false', HOUR), 403)
    assert.equal(await statusAfter(t, 'network_resilience.enabled=true', HOUR), 201)
  },
  'network_resilience.session_recovery': async (t) => {
    assert.equal(await statusAfter(t, 'network_resilience.session_recovery=false', HOUR), 403)
    assert.equal(await statusAfter(t, 'network_resilience.session_recovery=true', HOUR), 201)
  },
  'network_resilience.max_token_refreshes': async (t) => {
    assert.equal(await statusAfter(t, 'network_resilience.max_token_refreshes=0', HOUR), 403)
    assert.equal(await statusAfter(t, 'network_resilience.max_token_refreshes=1', HOUR), 201)
  },
}
