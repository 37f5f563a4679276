import type { Instant } from '../core/clock.ts'
import { TIMELESS_LIFE } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { ProofFailure } from '../proof/verdict.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import { learnFrom, ownerOfSlot } from './habits.ts'
import { type Known, type Level, levelOf } from './levels.ts'
import type { GateNeeds, GatePolicy } from './needs.ts'
import type { Judge, JudgedSlot } from './passage.ts'
import { refuseFully, refuseUnproved } from './proving.ts'

/** What is known of a request that proves nothing. */
export interface Unbound {
  readonly request: GateRequest
  /** Whether the session of its slot begins with it. */
  readonly begins: boolean
  /** When its grant ends; absent: it carries no time. */
  readonly grantExpiry?: Instant | undefined
  /** Whether it shows a grant at all. */
  readonly hasGrant: boolean
}

/**
 * Judges requests that have nothing to show but a grant or the address of an upload: a slot that is bound is
 * not theirs; on others their level decides, as the operator wants it. Their session takes note of those
 * that pass, and of no other.
 */
export function unboundJudge(unbound: Unbound, needs: GateNeeds): Judge {
  const { request } = unbound
  const { sessions } = needs
  let isPassed = false
  return async (slot, { reopens }) => {
    needs.abuse.refuseBanned(request.client, needs.userOf(slot))
    if (slot.session !== undefined)
      return await refuseStranger({ request, slot, why: 'absent' }, needs)
    needs.threats.refuseBanned({ name: slot.fingerprint })
    // Nothing is written to a slot that has its file.
    if (isPassed || slot.state !== 'open') return 'pass'
    const { fingerprint: session } = slot
    const begins = unbound.begins || sessions.begin(session, visitorOf(request))
    const known = joined(await sessions.known(session), rememberedBy(slot))
    const whose = { owner: ownerOfSlot(slot, request, needs) }
    const { level, sighting } = levelOf(
      request,
      { known, session, whose, expiry: expiryOf(unbound, slot) },
      needs,
    )
    const verdict = verdictOn(level, reopens, needs.policy())
    const { client } = request
    needs.events.decided({ session, client, isBound: false, ...level, verdict })
    if (verdict !== 'passed') {
      if (begins) sessions.unbegin(session)
      return refuse(request, level, needs)
    }
    // Who is refused took nothing. A ban begins with the request that is found.
    needs.threats.used(request, slot)
    needs.threats.refuseBanned({ name: session })
    if (!begins) sessions.visit(session, visitorOf(request))
    learnFrom(sighting, needs)
    isPassed = true
    return 'pass'
  }
}

/** A request without the right proof, on a slot that is bound. */
interface Trespass {
  readonly request: GateRequest
  readonly slot: JudgedSlot
  readonly why: ProofFailure
}

/** Ends a request that shows no proof, or the one of another session, on a slot that is bound. */
export async function refuseStranger(trespass: Trespass, needs: GateNeeds): Promise<never> {
  const { request, slot, why } = trespass
  needs.events.unproved({ session: slot.session, client: request.client, why })
  return await refuseBoundSlot(trespass, needs)
}

/** What the slot itself remembers of its client: that its session was lost weakens nothing. */
function rememberedBy({ openedAt, network, uploads }: JudgedSlot): Known {
  const bytesAt = uploads.flatMap(({ lastByteAt }) => lastByteAt ?? [])
  const lastActiveAt = Math.max(openedAt, ...bytesAt)
  return { lastActiveAt, networks: [{ network, firstAt: openedAt, lastAt: lastActiveAt }] }
}

/** What is known of the client, which was active as long as the bodies of its requests flowed. */
function joined(known: Known | undefined, remembered: Known): Known {
  if (known === undefined) return remembered
  const lastActiveAt = Math.max(known.lastActiveAt, remembered.lastActiveAt)
  return { ...known, lastActiveAt }
}

/** Ends a request whose proof is known to be none on a slot that is bound, which never becomes unbound: not even when its session is gone. */
export async function refuseBoundSlot(
  { request, slot, why }: Trespass,
  needs: GateNeeds,
): Promise<never> {
  const { session } = slot
  const isGone = session !== undefined && (await needs.bound.find(session)) === undefined
  return isGone ? refuseFully(request, 'session-gone') : refuseUnproved(request, why, needs)
}

/** When the grant ends, or the latest time that it was accepted nevertheless. */
function expiryOf({ grantExpiry, hasGrant }: Unbound, slot: JudgedSlot): Instant | undefined {
  if (!hasGrant) return undefined
  return Math.max(grantExpiry ?? slot.openedAt + TIMELESS_LIFE, slot.reopenedUntil ?? 0)
}

function verdictOn(
  { level, onlyCounted }: Level,
  reopens: boolean,
  { unbound }: GatePolicy,
): 'passed' | 'challenged' | 'refused' {
  if (level === 1) return 'passed'
  if (unbound === 'strict') return level === 2 ? 'challenged' : 'refused'
  // Whoever travels by train changes networks, and is not refused for that alone.
  return level === 3 && reopens && !onlyCounted ? 'refused' : 'passed'
}

function refuse(request: GateRequest, { level, reasons }: Level, needs: GateNeeds): never {
  const why = reasons.join(' ')
  if (needs.policy().unbound === 'lenient') throw new Refusal('new-slot-required', { why })
  return level === 2 ? refuseUnproved(request, 'absent', needs) : refuseFully(request, why)
}
