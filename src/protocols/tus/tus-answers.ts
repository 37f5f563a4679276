import type { OutgoingHttpHeaders } from 'node:http'
import type { Instant } from '../../core/clock.ts'
import { Refusal } from '../../core/refusals.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { ProtocolRefusal } from '../../http/protocol-refusal.ts'
import { HEADER } from '../../wire/header-names.ts'

/** The one version there is. */
export const TUS_VERSION = '1.0.0'

const SPOKEN: OutgoingHttpHeaders = {
  [HEADER.tusResumable]: TUS_VERSION,
  [HEADER.cacheControl]: 'no-store',
}

/**
 * A handler for requests of tus 1.0 only: others are refused (`unsupported-version`) before
 * anything is done, and every refusal names the version, as every answer must.
 */
export function spoken(handler: Handler): Handler {
  return async (exchange): Promise<void> => {
    try {
      if (exchange.headers[HEADER.tusResumable] !== TUS_VERSION) {
        throw new Refusal('unsupported-version')
      }
      await handler(exchange)
    } catch (error) {
      throw error instanceof Refusal ? dressed(error) : error
    }
  }
}

function dressed(refusal: Refusal): ProtocolRefusal {
  const { expected } = refusal.facts
  const headers: OutgoingHttpHeaders = {
    ...SPOKEN,
    ...(refusal.code === 'unsupported-version' ? { [HEADER.tusVersion]: TUS_VERSION } : {}),
    ...(refusal.code === 'offset-mismatch' ? { [HEADER.uploadOffset]: expected } : {}),
  }
  const status = statusOf(refusal)
  return new ProtocolRefusal(refusal, { headers, ...(status === undefined ? {} : { status }) })
}

/** Where tus has another status: for bytes beyond the end, and for an offset before that of a complete upload. */
function statusOf({ code, facts }: Refusal): number | undefined {
  if (code === 'upload-complete') return 409
  return code === 'size-mismatch' && facts['limit'] !== undefined ? 413 : undefined
}

/** Answers a request of tus. */
export function answer(
  exchange: Exchange,
  status: number,
  headers: OutgoingHttpHeaders = {},
): void {
  exchange.reply({ status, headers: { ...SPOKEN, ...headers } })
}

/** Where an upload stands, and until when it can go on (tus 1.0, Expiration). */
export function progressFields(progress: {
  readonly offset: number
  readonly expiresAt?: Instant
}): OutgoingHttpHeaders {
  const { offset, expiresAt } = progress
  return {
    [HEADER.uploadOffset]: String(offset),
    ...(expiresAt === undefined
      ? {}
      : { [HEADER.uploadExpires]: new Date(expiresAt).toUTCString() }),
  }
}
