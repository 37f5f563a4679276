import type { OutgoingHttpHeaders } from 'node:http'
import { Refusal } from '../../core/refusals.ts'
import { namedUpload } from '../../core/upload-resource.ts'
import type { Engine, StatusRequest, UploadStatus } from '../../engine/engine.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { methodOf } from '../../core/method-override.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { Staging } from './checksum.ts'
import { bringsChunk, chunkOf } from './chunk.ts'
import { downloadUrl } from './create.ts'
import { answer, progressFields } from './tus-answers.ts'
import { uploadLength, uploadOffset } from './tus-fields.ts'

/** What requests on upload resources are answered with. */
export interface ResourceNeeds {
  readonly gate: Gate
  readonly engine: Pick<Engine, 'append' | 'status' | 'abort'>
  readonly publicUrl: URL
  readonly room: Staging
}

/** Which upload is meant, and who asks. */
type Asking = Pick<StatusRequest, 'resource' | 'client' | 'credential' | 'passage'>

type Verb = (exchange: Exchange, asking: Asking) => Promise<void>

/** As `Allow` lists them. */
export const RESOURCE_METHODS = 'HEAD, GET, PATCH, DELETE, OPTIONS'

/** HEAD, PATCH and DELETE on an upload resource, by tus 1.0; GET is answered like HEAD. */
export function resourceHandler({ gate, engine, publicUrl, room }: ResourceNeeds): Handler {
  const verbs = new Map<string, Verb>([
    ['HEAD', tell],
    ['GET', tell],
    ['PATCH', append],
    ['DELETE', terminate],
  ])
  return async (exchange): Promise<void> => {
    const { client, target, headers } = exchange
    const named = namedUpload(target.rawPath, headers.authorization)
    const verb = verbs.get(methodOf(exchange))
    if (verb === undefined) throw new Refusal('method-not-allowed', { allow: RESOURCE_METHODS })
    await gate.enter(exchange, async (passage) => {
      await verb(exchange, { client, ...named, passage })
    })
  }

  async function tell(exchange: Exchange, asking: Asking): Promise<void> {
    const status = await engine.status({ ...asking, completes: true })
    if (status.kind === 'cut') return exchange.cut()
    answer(exchange, 200, statusFields(status))
  }

  async function append(exchange: Exchange, asking: Asking): Promise<void> {
    const { headers } = exchange
    if (!bringsChunk(exchange)) throw new Refusal('unsupported-type')
    const offset = uploadOffset(headers)
    const length = uploadLength(headers)
    const outcome = await engine.append({
      ...asking,
      offset,
      body: chunkOf(exchange, room),
      completes: true,
      ...(length === undefined ? {} : { length }),
    })
    if (outcome.kind === 'cut') return exchange.cut()
    if (outcome.kind === 'progress') return answer(exchange, 204, progressFields(outcome))
    answer(exchange, 204, {
      [HEADER.location]: downloadUrl(publicUrl, outcome),
      ...progressFields({ offset: outcome.file.size }),
    })
  }

  async function terminate(exchange: Exchange, asking: Asking): Promise<void> {
    await engine.abort(asking)
    answer(exchange, 204)
  }
}

function statusFields(status: UploadStatus): OutgoingHttpHeaders {
  const { size, metadata, isComplete, isLengthDeferred } = status
  return {
    ...progressFields(status),
    ...(isLengthDeferred === true && !isComplete
      ? { [HEADER.uploadDeferLength]: '1' }
      : { [HEADER.uploadLength]: String(size) }),
    ...(metadata === undefined ? {} : { [HEADER.uploadMetadata]: metadata }),
  }
}
