import type { Instant } from '../core/clock.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import {
  MAX_CHANGES,
  MAX_NETWORKS,
  type SeenNetwork,
  type SessionRecord,
} from './session-record.ts'

/** One authorised request on a slot, as a session sees it. */
export interface Visit {
  readonly at: Instant
  readonly network: string
  readonly product?: string
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
    ...(isSwitch ? { changes: remembered(session, [visit.at]) } : {}),
  }
}

/** The session's unproved changes of network with more of them. */
function remembered({ changes = [] }: SessionRecord, more: readonly Instant[]): readonly Instant[] {
  return [...changes, ...more].slice(-MAX_CHANGES)
}

/** A session that was stored, together with what has been seen since of what looked like a new one. */
export function merged(stored: SessionRecord, since: SessionRecord): SessionRecord {
  const change = switchBetween(stored, since)
  const changes = [...(change === undefined ? [] : [change.to.firstAt]), ...(since.changes ?? [])]
  return {
    ...stored,
    ...(changes.length === 0 ? {} : { changes: remembered(stored, changes) }),
    lastActiveAt: Math.max(stored.lastActiveAt, since.lastActiveAt),
    requests: stored.requests + since.requests,
    switches: stored.switches + since.switches + Number(change !== undefined),
    recoveries: stored.recoveries + since.recoveries,
    networks: since.networks.reduce(joined, stored.networks),
    uploads: [...new Set([...stored.uploads, ...since.uploads])],
  }
}

/** The change of network between a stored session and the first request seen since; nothing if there was none. */
export function switchBetween(
  stored: SessionRecord,
  since: SessionRecord,
): { from: SeenNetwork; to: SeenNetwork } | undefined {
  const from = presentNetwork(stored)
  const [to] = since.networks.toSorted((a, b) => a.firstAt - b.firstAt)
  if (from === undefined || to === undefined || from.network === to.network) return undefined
  return { from, to }
}

/** Where the session's latest request came from. */
export function presentNetwork(session: SessionRecord): SeenNetwork | undefined {
  return session.networks.at(-1)
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
