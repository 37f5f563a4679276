import type { Instant } from '../core/clock.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import {
  type Footprint,
  MAX_CHANGES,
  MAX_NETWORKS,
  type SeenNetwork,
  type SessionRecord,
} from './session-record.ts'
import { type Step, joinedTrails, shortened, stepsOf } from './trail.ts'

/** One authorised request on a slot, as a session sees it. */
export interface Visit {
  readonly at: Instant
  readonly network: string
  readonly product?: string
}

/** A change from one network to another. */
export interface Switch {
  readonly from: SeenNetwork
  readonly to: SeenNetwork
}

/** The session that a slot's first request begins, without an upload yet. */
export function begun(slot: Fingerprint, visit: Visit): SessionRecord {
  return {
    key: slot,
    openedAt: visit.at,
    lastActiveAt: visit.at,
    requests: 1,
    switches: 0,
    recoveries: 0,
    networks: [seenAt(visit)],
    uploads: [],
  }
}

/** The session after one more request. */
export function visited(session: SessionRecord, visit: Visit): SessionRecord {
  const isSwitch = presentNetwork(session)?.network !== visit.network
  return {
    ...session,
    lastActiveAt: Math.max(session.lastActiveAt, visit.at),
    requests: session.requests + 1,
    switches: session.switches + Number(isSwitch),
    networks: joined(session.networks, seenAt(visit)),
    ...(isSwitch ? { changes: [...(session.changes ?? []), visit.at].slice(-MAX_CHANGES) } : {}),
    ...(session.trail === undefined
      ? {}
      : { trail: shortened([...session.trail, footprintOf(visit)]) }),
  }
}

/** The session with an unfinished upload of the slot. */
export function holding<S extends SessionRecord>(session: S, slot: Fingerprint): S {
  if (session.uploads.includes(slot)) return session
  return { ...session, uploads: [...session.uploads, slot] }
}

/** The session that a slot's first request begins where other processes may see requests of it, too. */
export function begunAmongOthers(slot: Fingerprint, visit: Visit): SessionRecord {
  return { ...begun(slot, visit), trail: [footprintOf(visit)] }
}

/**
 * A session as it was stored, together with what has been seen since of what looked like a new one, in
 * the order of time: something earlier that is learnt of later is no way back.
 */
export function merged(stored: SessionRecord, since: SessionRecord): SessionRecord {
  const { trail, before, apart, now } = joinedPaths(stored, since)
  const known = [...(stored.changes ?? []), ...(since.changes ?? [])]
  const replaced = new Set([...before, ...apart].map(({ at }) => at))
  const changes = [...known.filter((at) => !replaced.has(at)), ...now.map(({ at }) => at)]
  return {
    ...stored,
    ...(changes.length === 0 ? {} : { changes: latestOf(changes) }),
    ...(since.trail === undefined ? {} : { trail: shortened(trail) }),
    openedAt: Math.min(stored.openedAt, since.openedAt),
    lastActiveAt: Math.max(stored.lastActiveAt, since.lastActiveAt),
    requests: stored.requests + since.requests,
    switches: stored.switches + gained(since, { before, apart, now }),
    recoveries: stored.recoveries + since.recoveries,
    networks: allNetworks(stored, since),
    uploads: [...new Set([...stored.uploads, ...since.uploads])],
  }
}

/** What has been seen since, joined with the stored session if there is one, and what that shows. */
export interface Joined {
  readonly record: SessionRecord
  readonly switches: readonly Switch[]
}

/** As {@link merged}, with the changes of network that show by it. */
export function joinedWith(stored: SessionRecord | undefined, since: SessionRecord): Joined {
  const record = stored === undefined ? since : merged(stored, since)
  return { record, switches: newSwitches(stored, since) }
}

/** The changes of network that show when what has been seen since joins a stored session, if there is one. */
function newSwitches(stored: SessionRecord | undefined, since: SessionRecord): readonly Switch[] {
  const paths = stored === undefined ? alone(since) : joinedPaths(stored, since)
  const { before, now } = paths
  const known = new Set(before.map(({ at }) => at))
  const fresh = now.filter(({ at }) => !known.has(at))
  // One that was told as another, before something in between was learnt of, is not told again.
  const count = stored === undefined ? since.switches : gained(since, paths)
  const networks = stored === undefined ? since.networks : allNetworks(stored, since)
  return fresh.slice(Math.max(0, fresh.length - count)).map(({ from, to, at }) => ({
    from: seenIn(networks, { network: from, at }),
    to: seenIn(networks, { network: to, at }),
  }))
}

/** Requests of a session in the order of time, and its changes of network before and after more was learnt. */
interface Paths {
  readonly trail: readonly Footprint[]
  readonly before: readonly Step[]
  /** Those that `since` has by itself. */
  readonly apart: readonly Step[]
  readonly now: readonly Step[]
}

/** By how many changes of network a session grows. */
function gained(
  { switches }: SessionRecord,
  { before, apart, now }: Pick<Paths, 'before' | 'apart' | 'now'>,
): number {
  return switches + now.length - before.length - apart.length
}

function joinedPaths(stored: SessionRecord, since: SessionRecord): Paths {
  const past = stored.trail ?? stored.networks.slice(-1).map(leftAt)
  const more = since.trail ?? since.networks.toSorted(byFirstUse).slice(0, 1).map(enteredAt)
  const trail = joinedTrails(past, more)
  return { trail, before: stepsOf(past), apart: stepsOf(more), now: stepsOf(trail) }
}

function alone({ trail = [] }: SessionRecord): Paths {
  return { trail, before: [], apart: [], now: stepsOf(trail) }
}

function byFirstUse(a: SeenNetwork, b: SeenNetwork): number {
  return a.firstAt - b.firstAt
}

function enteredAt({ network, firstAt: at }: SeenNetwork): Footprint {
  return { network, at }
}

function leftAt({ network, lastAt: at }: SeenNetwork): Footprint {
  return { network, at }
}

function seenIn(networks: readonly SeenNetwork[], { network, at }: Footprint): SeenNetwork {
  const seen = networks.find((one) => one.network === network)
  return seen ?? { network, firstAt: at, lastAt: at }
}

/** The networks of both, the one used last at the end. */
function allNetworks(one: SessionRecord, other: SessionRecord): readonly SeenNetwork[] {
  const all = [...one.networks, ...other.networks].toSorted((a, b) => a.lastAt - b.lastAt)
  return all.reduce(joined, [])
}

/** The latest of the moments, in order. */
function latestOf(moments: readonly Instant[]): readonly Instant[] {
  return moments.toSorted((a, b) => a - b).slice(-MAX_CHANGES)
}

/** Where the session's latest request came from. */
export function presentNetwork(session: SessionRecord): SeenNetwork | undefined {
  return session.networks.at(-1)
}

function footprintOf({ network, at }: Visit): Footprint {
  return { network, at }
}

function seenAt({ at, network, product }: Visit): SeenNetwork {
  const known = product === undefined ? {} : { product }
  return { network, ...known, firstAt: at, lastAt: at }
}

/** The networks with one more use of `seen`, which becomes the present one. */
function joined(networks: readonly SeenNetwork[], seen: SeenNetwork): readonly SeenNetwork[] {
  const before = networks.find(({ network }) => network === seen.network)
  const others = networks.filter((other) => other !== before)
  const firstAt = Math.min(before?.firstAt ?? seen.firstAt, seen.firstAt)
  return [...others, { ...before, ...seen, firstAt }].slice(-MAX_NETWORKS)
}
