import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { append, creation, located } from './rufh-client.ts'
import { type HeldSession, accepting, freshNonce, toldSession } from './session-client.ts'
import type { Site } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { type Reply, ask } from './wire-client.ts'

export const PATH = 'a/b.txt'
export const BODY = Buffer.from('0123456789')
export const WIFI = '127.0.0.2'
export const MOBILE = '127.0.1.2'
export const MINUTE = 60_000
const NOTHING = Buffer.alloc(0)

/** A careful creation that asks for a session. */
export function opening(nonce = freshNonce(), put = signedPut(PATH, BODY)): SignedPut {
  const empty = creation(put, 8, { bytes: NOTHING, isComplete: false })
  return { ...empty, headers: { ...empty.headers, ...accepting(nonce) }, from: WIFI }
}

export interface Opened {
  readonly target: string
  readonly session: HeldSession
  readonly reply: Reply
}

export async function opened(site: Pick<Site, 'port'>, request = opening()): Promise<Opened> {
  const reply = await ask(site.port, request)
  assert.equal(reply.status, 201)
  return { reply, target: located(reply), session: toldSession(reply) }
}

export function last(target: string, offset = 0): SignedPut {
  return append(target, 8, { offset, bytes: BODY.subarray(offset), isComplete: true })
}

export function stopClock(t: TestContext): void {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
}

export function goOn(t: TestContext, milliseconds: number): void {
  t.mock.timers.setTime(systemClock() + milliseconds)
}
