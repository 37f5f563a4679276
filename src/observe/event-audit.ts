import type { EngineEvents } from '../engine/events.ts'
import type { HttpEvents } from '../http/events.ts'
import type { AuditEntry, AuditEvent } from './audit-line.ts'
import type { AuditTrail } from './audit.ts'
import type { SlotRecord } from './event-words.ts'
import { shownAddress, shownNetwork, shownUser } from './privacy.ts'
import type { Privacy } from './privacy.ts'
import type { Untold } from './refusal-bound.ts'
import { isSigned, slotOf } from './signed-request.ts'

type Recorder = Pick<AuditTrail, 'record'>

/** What became of slots, as audit lines. */
export function engineAudit({ record }: Recorder, privacy: Privacy): EngineEvents {
  const of = (event: AuditEvent, slot: SlotRecord): AuditEntry => ({
    event,
    slot: slot.fingerprint,
    user: shownUser(slot.user, privacy),
    // Who sent the bytes is not told here; where the slot was opened from is.
    address: shownNetwork(slot.network, privacy),
    scheme: slot.scheme,
    size: slot.size,
  })
  return {
    slotOpened: (slot, client) => record(openedEntry(slot, shownAddress(client, privacy), privacy)),
    recovered: (slot, client) =>
      record({
        ...of('recovered', slot),
        address: shownAddress(client, privacy),
        count: slot.recoveries,
      }),
    continued: () => undefined,
    resumed: (slot, { face, durable }, client) =>
      record({
        ...of('resumed', slot),
        address: shownAddress(client, privacy),
        face,
        kept: durable,
      }),
    adopted: (slot, { face, durable }, { from, client }) =>
      record({
        ...of('adopted', slot),
        oldSlot: from.fingerprint,
        address: shownAddress(client, privacy),
        face,
        kept: durable,
      }),
    takenOver: (slot, { from, to }) =>
      record({
        ...of('takeover', slot),
        address: shownAddress(to, privacy),
        from: shownAddress(from, privacy),
      }),
    takenElsewhere: (slot, { from, rivalNetwork }) =>
      record({
        ...of('takeover', slot),
        address: shownNetwork(rivalNetwork, privacy),
        from: shownAddress(from, privacy),
        why: 'elsewhere',
      }),
    interrupted: (slot, { face }, kept) => record({ ...of('interrupted', slot), face, kept }),
    published: (slot, { face }, seconds) =>
      record(publishedEntry(slot, { face, seconds }, privacy)),
    repeated: (slot, outcome) => record({ ...of('repeated', slot), outcome }),
    fileRemoved: (slot, why) => record({ ...of('deleted', slot), why }),
    abandoned: (slot, { face, durable }, why) =>
      record({ ...of('abandoned', slot), face, kept: durable, why }),
  }
}

/** What every upload tells is made in one piece. */
function openedEntry(
  { fingerprint: slot, user, scheme, size }: SlotRecord,
  address: string | undefined,
  privacy: Privacy,
): AuditEntry {
  return { event: 'opened', slot, user: shownUser(user, privacy), address, scheme, size }
}

function publishedEntry(
  { fingerprint: slot, user: jid, network, scheme, size }: SlotRecord,
  { face, seconds }: { readonly face: string; readonly seconds: number },
  privacy: Privacy,
): AuditEntry {
  const user = shownUser(jid, privacy)
  const address = shownNetwork(network, privacy)
  return { event: 'published', slot, user, address, scheme, size, face, seconds }
}

/** Refused requests that showed a credential, as audit lines; what strangers try is left to the metrics. */
export function httpAudit({ record }: Recorder, privacy: Privacy): HttpEvents {
  return {
    finished: () => undefined,
    refused(exchange, { code, facts }) {
      if (!isSigned(exchange)) return
      const { id: request, method, client } = exchange
      const address = shownAddress(client, privacy)
      const why = code === 'grant-expired' ? { why: String(facts['why']) } : {}
      record({ event: 'refused', slot: slotOf(exchange), address, code, ...why, method, request })
    },
    failed: () => undefined,
    certificateReloaded: () => undefined,
    certificateRefused: () => undefined,
  }
}

/** Refused requests that were too many to have a line each, as one. */
export function untoldAudit({ record }: Recorder, privacy: Privacy): Untold {
  return (network, count) =>
    record({ event: 'refusals', address: shownNetwork(network, privacy), count })
}
