import { Refusal } from '../../core/refusals.ts'
import { parseSlotPath } from '../../core/slot-path.ts'
import {
  type UploadResource,
  credentialMark,
  newUploadResource,
} from '../../core/upload-resource.ts'
import type { CreateRequest, Cut, Delivery, Progress, Published } from '../../engine/engine.ts'
import type { Admission, Claim } from '../../gate/gate.ts'
import { adoptedUpload } from '../../http/adopted-upload.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { createdAnswer, finishedAnswer } from './answers.ts'
import { digestFields } from '../../http/digest-fields.ts'
import { creationInformer, informs } from './interim.ts'
import { refusing } from './refusals.ts'
import type { RufhNeeds } from './rufh-needs.ts'
import { type UploadFields, statedLength, uploadFields } from './upload-fields.ts'

/** A creation. */
interface Asked {
  readonly exchange: Exchange
  readonly fields: UploadFields
  readonly completes: boolean
}

/**
 * PUT or POST on a slot path that creates an upload, with the first of its bytes or without
 * (draft-ietf-httpbis-resumable-upload §4.2). Requests whose fields say nothing that can be
 * understood go to `plain`.
 */
export function createHandler(needs: RufhNeeds): Handler {
  return async (exchange): Promise<void> => {
    const fields = uploadFields(exchange.headers)
    const { completes } = fields
    if (completes === undefined) return await plain(exchange, needs)
    await refusing(exchange, fields, async () => {
      const asked = { exchange, fields, completes }
      const claim = await claimOf(asked, needs)
      answer(asked, await needs.gate.admit(exchange, claim, create(asked, needs)), needs)
    })
  }
}

/** Without a field that says something it is an ordinary PUT; an ordinary POST means nothing here. */
async function plain(exchange: Exchange, needs: RufhNeeds): Promise<void> {
  if (exchange.method === 'POST') {
    throw new Refusal('method-not-allowed', { allow: 'GET, HEAD, OPTIONS, PUT, DELETE' })
  }
  await needs.plain(exchange)
}

/** The length that the request says, or the slot is known to have. */
async function claimOf({ exchange, fields }: Asked, { engine }: RufhNeeds): Promise<Claim> {
  if ((fields.offset ?? 0) !== 0) throw new Refusal('bad-request', { why: 'creation with offset' })
  const size = statedLength(fields, exchange.contentLength)
  if (size !== undefined || fields.completes === true) return { size }
  if (!fields.draft.lengthOptional) throw new Refusal('bad-request', { why: 'no Upload-Length' })
  // Earlier versions have no field for it; the slot knows.
  return { size: (await engine.sizeOf(parseSlotPath(exchange.target.rawPath))) ?? 'as-granted' }
}

/** What became of a creation, and what its client is to know of the upload. */
interface Created {
  readonly outcome: Progress | Published | Cut
  readonly about: { readonly id: string; readonly size: number }
}

function create(asked: Asked, needs: RufhNeeds): (admission: Admission) => Promise<Created> {
  const { exchange, fields, completes } = asked
  return async (admission) => {
    const isInformed = informs(exchange, fields.draft, needs.interim104)
    // A client that is not told of its upload can't come back to it: there is nothing to keep for it.
    const told = isInformed || !completes ? newUploadResource() : undefined
    const about = { id: told?.id ?? '', size: admission.grant.size }
    const rendering = { draft: fields.draft, ...needs }
    const outcome = await needs.engine.create({
      ...admission,
      ...requestOf(asked, told, isInformed),
      ...deliveryOf(asked, isInformed ? creationInformer(exchange, about, rendering) : undefined),
    })
    return { outcome, about }
  }
}

function answer(
  { exchange, fields, completes }: Asked,
  { outcome, about }: Created,
  needs: RufhNeeds,
): void {
  const rendering = { draft: fields.draft, ...needs }
  if (outcome.kind === 'cut') return exchange.cut()
  if (outcome.kind === 'published') {
    return exchange.reply(
      finishedAnswer(outcome, rendering, about.id === '' ? undefined : about.id),
    )
  }
  if (completes) throw new Refusal('length-inconsistent')
  exchange.reply(createdAnswer(outcome, about, rendering))
}

function requestOf(
  asked: Asked,
  told: UploadResource | undefined,
  isInformed: boolean,
): Omit<CreateRequest, 'delivery' | 'grant'> {
  const { client, headers } = asked.exchange
  const adopts = adoptedUpload({ headers, bringsBytes: !isCareful(asked) })
  const request = { client, face: 'rufh', adopts } as const
  if (told === undefined) return request
  const { authorization } = headers
  const whole = digestFields(headers)?.whole
  return {
    ...request,
    resource: told.resource,
    description: {
      ...(whole === undefined ? {} : { digests: whole }),
      ...(isInformed || isCareful(asked) ? {} : { isUntold: true as const }),
      ...(authorization === undefined
        ? {}
        : { credential: credentialMark(told.id, authorization) }),
    },
  }
}

/** A careful creation brings nothing: it is answered at once. */
function isCareful({ exchange, completes }: Asked): boolean {
  return !completes && exchange.contentLength === 0
}

function deliveryOf(asked: Asked, onKept: Delivery['onKept']): Pick<CreateRequest, 'delivery'> {
  const { exchange, completes } = asked
  const { body, headers } = exchange
  if (isCareful(asked)) return {}
  const delivery = { body, completes, digests: digestFields(headers) }
  return { delivery: onKept === undefined ? delivery : { ...delivery, onKept } }
}
