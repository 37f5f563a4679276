import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { OpenedSession } from '../sessions/bound-sessions.ts'
import type { Binding, BoundSession } from '../sessions/session-record.ts'
import { openingFields } from './answer-fields.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import { ownerOfSession } from './habits.ts'
import { levelOf } from './levels.ts'
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

/** The session for the wish, as it is stored. */
interface State {
  session: BoundSession
  level: 1 | 2
  /** Name of the one whose place it takes on the slot. */
  succeeds?: string
}

/**
 * Opens a session for the request's slot, which `use` binds to it if it is used for the first time, or
 * again by whoever lost the answer. Only if it did, the answer tells the session, whatever else it says.
 * Refusals: `session-unavailable`, `session-exists`, `reauthentication-required`.
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
  const state: State = { session: opened.session, level: 1 }
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
    if (slot.session === undefined) return await wish.unbound(slot, circumstances)
    const present = await needs.bound.find(slot.session)
    if (present === undefined) return refuseFully(wish.request, 'session-gone')
    needs.threats.refuseBanned({ name: present.key, confirmedAt: present.bound.confirmedAt })
    if (!mayRepeat(wish.wanted, present)) return refuseSecond(attempt, slot, needs)
    state.level = levelOfRepetition(wish, present, needs)
    state.session = await needs.bound.succeed(opened.session, present)
    state.succeeds = present.key
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

/** That the id was left out of a repetition makes it no less suspicious. Refuses (`reauthentication-required`) at level 3. */
function levelOfRepetition({ request, grant }: Wish, known: BoundSession, needs: GateNeeds): 1 | 2 {
  const whose = { owner: ownerOfSession(known) }
  const { key: session } = known
  const { level: assessed } = levelOf(
    request,
    { known, session, whose, expiry: grant.expiresAt },
    needs,
  )
  const { level, reasons } = assessed
  const verdict = level === 3 ? 'refused' : 'passed'
  const { client } = request
  needs.events.decided({ session, client, isBound: true, ...assessed, verdict })
  return level === 3 ? refuseFully(request, reasons.join(' ')) : level
}

function refuseSecond({ wish }: Attempt, slot: JudgedSlot, { events }: GateNeeds): never {
  const { client } = wish.request
  events.bindingRefused(slot.session ?? '', { slot: slot.fingerprint, client })
  throw new Refusal('session-exists')
}

/** Tells the session, or removes it where the slot is not its own. */
async function settle({ wish, opened, state }: Attempt, needs: GateNeeds): Promise<void> {
  const { request, grant, wanted } = wish
  const { session, level, succeeds } = state
  const { bound } = needs
  const { fingerprint } = grant
  // If the slot can't be found now, no room is kept for the session.
  bound.left(session.key, fingerprint)
  const slot = await needs.findSlot(grant.path)
  if (slot?.session !== session.key) return await bound.end(session)
  if (slot.state === 'open') bound.kept(session.key, fingerprint)
  if (succeeds !== undefined) bound.left(succeeds, fingerprint)
  request.adorn(openingFields(request, { id: opened.id, session, level }, needs))
  needs.events.bound(session.key, {
    slot: fingerprint,
    client: request.client,
    key: wanted.key,
    ...(succeeds === undefined ? {} : { succeeds }),
  })
}
