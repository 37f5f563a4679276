import { Refusal } from '../../core/refusals.ts'
import { namedUpload } from '../../core/upload-resource.ts'
import type { AppendRequest, StatusRequest } from '../../engine/engine.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { methodOf } from '../../core/method-override.ts'
import { HEADER } from '../../wire/header-names.ts'
import { appendedAnswer, finishedAnswer, spoken, statusAnswer } from './answers.ts'
import { digestFields } from '../../http/digest-fields.ts'
import { appendInformer, informs } from './interim.ts'
import { refusing } from './refusals.ts'
import type { RufhNeeds } from './rufh-needs.ts'
import { type UploadFields, refuseStrayFields, uploadFields } from './upload-fields.ts'

/** A request on an upload resource, and who asks. */
interface Asked {
  readonly exchange: Exchange
  readonly fields: UploadFields
  readonly asking: Pick<StatusRequest, 'resource' | 'client' | 'credential' | 'passage'>
}

type Verb = (asked: Asked, needs: RufhNeeds) => Promise<void>

const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['HEAD', tell],
  ['GET', tell],
  ['PATCH', append],
  ['DELETE', abort],
])

/** As `Allow` lists them. */
export const RESOURCE_METHODS = 'HEAD, GET, PATCH, DELETE, OPTIONS'

/**
 * Requests on an upload resource: where it stands (HEAD, and GET alike), more bytes (PATCH), and
 * its end (DELETE) (draft-ietf-httpbis-resumable-upload §4.3 – §4.5).
 */
export function resourceHandler(needs: RufhNeeds): Handler {
  return async (exchange): Promise<void> => {
    const fields = uploadFields(exchange.headers)
    await refusing(exchange, fields, async () => {
      const verb = VERBS.get(methodOf(exchange))
      if (verb === undefined) throw new Refusal('method-not-allowed', { allow: RESOURCE_METHODS })
      const { client, target, headers } = exchange
      const named = namedUpload(target.rawPath, headers.authorization)
      await needs.gate.enter(exchange, async (passage) => {
        await verb({ exchange, fields, asking: { client, ...named, passage } }, needs)
      })
    })
  }
}

async function tell({ exchange, fields, asking }: Asked, needs: RufhNeeds): Promise<void> {
  refuseStrayFields(fields.draft, exchange.headers)
  const status = await needs.engine.status(asking)
  if (status.kind === 'cut') return exchange.cut()
  exchange.reply(statusAnswer(status, { draft: fields.draft, ...needs }))
}

async function append({ exchange, fields, asking }: Asked, needs: RufhNeeds): Promise<void> {
  const { draft } = fields
  const request = appendRequest({ exchange, fields, asking })
  const isInformed = informs(exchange, draft, needs.interim104)
  const onKept = isInformed ? { onKept: appendInformer(exchange, draft) } : {}
  const outcome = await needs.engine.append({ ...request, ...onKept })
  if (outcome.kind === 'cut') return exchange.cut()
  if (outcome.kind === 'published') {
    return exchange.reply(finishedAnswer(outcome, { draft, ...needs }))
  }
  if (request.completes) throw new Refusal('length-inconsistent')
  exchange.reply(appendedAnswer(outcome, draft))
}

async function abort({ exchange, fields, asking }: Asked, { engine }: RufhNeeds): Promise<void> {
  refuseStrayFields(fields.draft, exchange.headers)
  await engine.abort(asking)
  exchange.reply({ status: 204, headers: spoken(fields.draft) })
}

/** Media type of a PATCH (draft-ietf-httpbis-resumable-upload §6). */
const PARTIAL_UPLOAD = /^application\/partial-upload *(?:;|$)/iu

/** Refusals: `bad-request`, `unsupported-type`. */
function appendRequest({ exchange, fields, asking }: Asked): AppendRequest {
  const { draft, completes, offset, length } = fields
  const { headers, body, contentLength } = exchange
  if (draft.partialType && !PARTIAL_UPLOAD.test(headers[HEADER.contentType] ?? '')) {
    throw new Refusal('unsupported-type')
  }
  if (offset === undefined || completes === undefined) {
    throw new Refusal('bad-request', { why: 'PATCH without offset or completeness' })
  }
  return {
    ...asking,
    offset,
    body,
    completes,
    digests: digestFields(headers),
    ...(length === undefined ? {} : { length }),
    ...(contentLength === undefined ? {} : { end: offset + contentLength }),
  }
}
