import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { OpenedSession } from '../sessions/bound-sessions.ts'
import type { Binding, BoundSession } from '../sessions/session-record.ts'
import { openingFields } from './answer-fields.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import type { GateNeeds } from './needs.ts'
import type { Admission, Judge, JudgedSlot } from './passage.ts'
import { refuseFully } from './proving.ts'

/** The key that a session is wanted with. */
export type WantedKey =
  | { readonly key: 'hmac'; readonly nonceHash?: string }
  | { readonly key: 'dpop'; readonly jkt: string }

/** A request that may bind its slot. */
export interface Wish {
  readonly request: GateRequest
  readonly grant: Grant
  readonly wanted: WantedKey
  /** Judges the request where its slot was opened without a session. */
  readonly unbound: Judge
}

/** What became of the wish, as far as is known. */
interface State {
  /** `unused`: the slot is not the session's. */
  fate: 'unknown' | 'bound' | 'unused'
  succeeds?: string
}

/**
 * Opens a session for the request's slot, which `use` binds to it if it is used for the first time. The
 * answer then tells it, whatever else it says. Refusals: `session-unavailable`, `session-exists`.
 */
export async function openSession<T>(
  wish: Wish,
  use: (admission: Admission) => Promise<T>,
  needs: GateNeeds,
): Promise<T> {
  const { request, grant, wanted, unbound } = wish
  const { bound } = needs
  const visitor = visitorOf(request)
  const binding = bindingOf(wanted, grant, needs)
  const opened = await bound.open({ slot: grant.fingerprint, visitor, binding })
  if (opened === undefined) return await use({ grant, passage: { judge: unbound } })
  const state: State = { fate: 'unknown' }
  try {
    const judge = openingJudge({ wish, opened, state }, needs)
    return await use({ grant, passage: { binds: opened.session.key, judge } })
  } finally {
    await settle({ wish, opened, state }, needs)
  }
}

function bindingOf(
  wanted: WantedKey,
  grant: Grant,
  { keys, userOf }: GateNeeds,
): Omit<Binding, 'provedAt' | 'refreshes' | 'refreshUsed'> {
  const user = userOf(grant)
  const named = user === undefined ? {} : { user }
  return wanted.key === 'dpop' ? { ...wanted, ...named } : { ...wanted, kid: keys.kid, ...named }
}

interface Attempt {
  readonly wish: Wish
  readonly opened: OpenedSession
  readonly state: State
}

function openingJudge(attempt: Attempt, needs: GateNeeds): Judge {
  const { wish, opened, state } = attempt
  return async (slot, circumstances) => {
    if (slot.session === opened.session.key) return 'rebind'
    state.fate = 'unused'
    if (slot.session === undefined) return await wish.unbound(slot, circumstances)
    const present = await needs.bound.find(slot.session)
    if (present === undefined) return refuseFully(wish.request, 'session-gone')
    if (slot.state !== 'open' || !mayRepeat(wish.wanted, present))
      return refuseSecond(attempt, slot, needs)
    await needs.bound.succeed(opened.session, present, slot.fingerprint)
    state.succeeds = present.key
    state.fate = 'bound'
    return 'rebind'
  }
}

/**
 * Whether the wish is an earlier one's repetition, whose answer may have been lost: with the nonce of a
 * session whose key was never used, or with the client's own key.
 */
function mayRepeat(wanted: WantedKey, { bound }: BoundSession): boolean {
  if (wanted.key === 'dpop') return bound.jkt === wanted.jkt
  const { nonceHash } = wanted
  return bound.provedAt === undefined && nonceHash !== undefined && bound.nonceHash === nonceHash
}

function refuseSecond({ wish, state }: Attempt, slot: JudgedSlot, { events }: GateNeeds): never {
  state.fate = 'unused'
  const { client } = wish.request
  events.bindingRefused(slot.session ?? '', { slot: slot.fingerprint, client })
  throw new Refusal('session-exists')
}

/** Tells the session, or removes it where no slot took it. */
async function settle({ wish, opened, state }: Attempt, needs: GateNeeds): Promise<void> {
  const { session } = opened
  const { request, grant, wanted } = wish
  const isUnused =
    state.fate === 'unused' || (state.fate === 'unknown' && needs.bound.isUntaken(session.key))
  if (isUnused) return await needs.bound.end(session)
  request.adorn(openingFields(request, opened, needs))
  const { succeeds } = state
  needs.events.bound(session.key, {
    slot: grant.fingerprint,
    client: request.client,
    key: wanted.key,
    ...(succeeds === undefined ? {} : { succeeds }),
  })
}
