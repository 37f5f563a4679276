import type { ClientAddress } from '../core/client-address.ts'
import type { Refusal, RefusalCode } from '../core/refusals.ts'
import type { EngineEvents } from '../engine/events.ts'
import type { HttpEvents } from '../http/events.ts'
import type { Exchange, SlotRecord, UploadRecord } from './event-words.ts'
import type { Log } from './log.ts'
import { loggedUser, shownAddress, shownNetwork } from './privacy.ts'
import type { Privacy } from './privacy.ts'
import type { Untold } from './refusal-bound.ts'
import { isSigned } from './signed-request.ts'

/** Refusals whose cause is the server's own state: worth a line whoever met them. */
const OURS: ReadonlySet<RefusalCode> = new Set(['internal', 'state-unavailable', 'disk-full'])

/** Characters of a path that are logged: as many as a path of a slot can have. */
const LONGEST_PATH = 2048

/** What the engine does, as log lines: publishing is `info`, all else is detail. */
export function engineLog(log: Log, privacy: Privacy): EngineEvents {
  const addressOf = (client: ClientAddress): string | undefined => shownAddress(client, privacy)
  const factsOf = (slot: SlotRecord): object => slotFacts(slot, privacy)
  return {
    slotOpened(slot, client) {
      // Asked first: at the usual level an upload has one line, its last.
      if (!log.isLevelEnabled('debug')) return
      log.debug({ ...factsOf(slot), address: addressOf(client) }, 'slot opened')
    },
    recovered: (slot, client) =>
      log.debug(
        { ...factsOf(slot), address: addressOf(client), count: slot.recoveries },
        'expired slot reopened',
      ),
    continued: () => undefined,
    resumed: (slot, upload, client) =>
      log.debug(
        { ...uploadFacts(slot, upload), address: addressOf(client), kept: upload.durable },
        'upload resumed',
      ),
    adopted: (slot, upload, { from, client }) =>
      log.debug(
        {
          ...uploadFacts(slot, upload),
          oldSlot: from.fingerprint,
          address: addressOf(client),
          kept: upload.durable,
        },
        'upload adopted from another slot',
      ),
    takenOver: (slot, { from, to }) =>
      log.debug(
        { slot: slot.fingerprint, from: addressOf(from), address: addressOf(to) },
        'upload taken over by a newer request',
      ),
    takenElsewhere: (slot, { from, rivalNetwork }) =>
      log.debug(
        {
          slot: slot.fingerprint,
          from: addressOf(from),
          address: shownNetwork(rivalNetwork, privacy),
        },
        'upload taken over by a request in another process',
      ),
    interrupted: (slot, upload, kept) =>
      log.debug({ ...uploadFacts(slot, upload), kept }, 'upload interrupted'),
    published: (slot, upload, seconds) =>
      log.info({ ...factsOf(slot), face: upload.face, seconds }, 'file published'),
    repeated: (slot, outcome) =>
      log.debug({ slot: slot.fingerprint, outcome }, 'finished slot sent again'),
    fileRemoved: (slot, why) => log.debug({ slot: slot.fingerprint, why }, 'file removed'),
    abandoned: (slot, upload, why) =>
      log.debug({ ...uploadFacts(slot, upload), why }, 'upload given up'),
  }
}

/** What the listeners see, as log lines; each names its request. */
export function httpLog(log: Log, privacy: Privacy): HttpEvents {
  return {
    finished(exchange, { status, milliseconds }) {
      // Asked first: at the usual level a finished request costs one comparison.
      if (!log.isLevelEnabled('debug')) return
      log.debug({ ...requestFacts(exchange, privacy), status, milliseconds }, 'request finished')
    },
    refused(exchange, refusal) {
      const level = isNoted(exchange, refusal) ? 'warn' : 'debug'
      if (!log.isLevelEnabled(level)) return
      log[level]({ ...requestFacts(exchange, privacy), ...refusalFacts(refusal) }, refusal.message)
    },
    failed: (exchange, error) =>
      log.error({ ...requestFacts(exchange, privacy), err: error }, 'request failed'),
    certificateReloaded: () => log.info('new certificate in use'),
    certificateRefused: (error) =>
      log.error({ err: error }, 'certificate not reloaded: the old one stays in use'),
  }
}

/** Refused requests that were too many to have a line each, as one. */
export function untoldLog(log: Log, privacy: Privacy): Untold {
  return (network, refusals) =>
    log.warn({ address: shownNetwork(network, privacy), refusals }, 'more requests refused')
}

/** Whether a refusal is an operator's business: a credential was shown, or the server itself is at fault. */
export function isNoted(exchange: Exchange, { code }: Refusal): boolean {
  return isSigned(exchange) || OURS.has(code)
}

function requestFacts({ id, method, target, client }: Exchange, privacy: Privacy): object {
  return {
    request: id,
    method,
    path: `/${target.rawPath.slice(0, LONGEST_PATH)}`,
    address: shownAddress(client, privacy),
  }
}

function refusalFacts({ code, facts, cause }: Refusal): object {
  return { code, facts, ...(cause === undefined ? {} : { err: cause }) }
}

function slotFacts({ fingerprint, scheme, size, user }: SlotRecord, privacy: Privacy): object {
  return { slot: fingerprint, scheme, size, user: loggedUser(user, privacy) }
}

function uploadFacts(
  { fingerprint, size }: SlotRecord,
  { face, generation }: UploadRecord,
): object {
  return { slot: fingerprint, size, face, generation }
}
