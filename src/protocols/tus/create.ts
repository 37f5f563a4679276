import type { ByteSource } from '../../core/bytes.ts'
import type { Grant } from '../../core/grant.ts'
import { Refusal } from '../../core/refusals.ts'
import { encodeSlotPath } from '../../core/slot-path.ts'
import {
  type UploadResource,
  credentialMark,
  newUploadResource,
  uploadPath,
} from '../../core/upload-resource.ts'
import type { Cut, Engine, Progress, Published } from '../../engine/engine.ts'
import type { UploadDescription } from '../../engine/slot-record.ts'
import { approachOf } from '../../gate/approach-of.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { Staging } from './checksum.ts'
import { bringsChunk, chunkOf } from './chunk.ts'
import { answer, progressFields } from './tus-answers.ts'
import { type Creation, parseCreation } from './tus-fields.ts'

/** What creations are made with. */
export interface CreationNeeds {
  readonly gate: Gate
  readonly engine: Pick<Engine, 'create' | 'append' | 'abort' | 'put'>
  readonly publicUrl: URL
  readonly room: Staging
}

/** A verified creation. */
interface Asked {
  readonly exchange: Exchange
  readonly creation: Creation
  readonly grant: Grant
  /** The bytes that it brings, if it brings any. */
  readonly body: ByteSource
}

/** POST on a slot path: Creation, Creation With Upload and Creation Defer Length of tus 1.0. */
export function createHandler(needs: CreationNeeds): Handler {
  const { engine, room, publicUrl } = needs
  return async (exchange): Promise<void> => {
    if (exchange.headers[HEADER.methodOverride] !== undefined) {
      throw new Refusal('method-not-allowed', { allow: 'POST' })
    }
    const creation = parseCreation(exchange.headers)
    const body = chunkOf(exchange, room)
    const grant = await admit(exchange, creation, needs)
    const asked: Asked = { exchange, creation, grant, body }
    const told = newUploadResource()
    const outcome = await create(asked, told, engine)
    if (outcome.kind === 'cut') return exchange.cut()
    if (outcome.kind === 'finished') return await repeat(asked, needs)
    answer(exchange, 201, {
      [HEADER.location]: `${publicUrl.href}${uploadPath(told.id)}`,
      ...(outcome.kind === 'progress'
        ? progressFields(outcome)
        : {
            ...progressFields({ offset: outcome.file.size }),
            [HEADER.contentLocation]: downloadUrl(publicUrl, outcome),
          }),
    })
  }
}

async function admit(
  exchange: Exchange,
  { length, metadata }: Creation,
  { gate }: CreationNeeds,
): Promise<Grant> {
  const [contentType, ...otherTypes] = metadata?.types ?? []
  return await gate.admit({
    ...approachOf(exchange, length ?? 'as-granted'),
    contentType,
    otherTypes,
  })
}

/** The upload with the bytes that came with its creation; `finished`: the slot has its file already. */
async function create(
  { exchange, creation, grant, body }: Asked,
  { id, resource }: UploadResource,
  engine: CreationNeeds['engine'],
): Promise<Progress | Published | Cut | { readonly kind: 'finished' }> {
  const { client, headers } = exchange
  const { authorization } = headers
  // A file of no bytes is complete as soon as it is created.
  const isFilled = bringsChunk(exchange) || grant.size === 0
  const description = {
    ...descriptionOf(creation),
    ...(isFilled ? { isUntold: true as const } : {}),
    ...(authorization === undefined ? {} : { credential: credentialMark(id, authorization) }),
  }
  const created = await engine.create({ grant, client, face: 'tus', resource, description })
  if (created.kind === 'published') return { kind: 'finished' }
  if (created.kind === 'cut' || !isFilled) return created
  const asking = { resource, client }
  try {
    return await engine.append({ ...asking, offset: 0, body, completes: true })
  } catch (error) {
    // A client that is not told of its upload can't go on with it.
    if (isHeldBack(error)) await engine.abort(asking)
    throw error
  }
}

function descriptionOf({ length, metadata }: Creation): UploadDescription {
  return {
    ...(metadata === undefined ? {} : { metadata: metadata.text }),
    ...(length === undefined ? { isLengthDeferred: true } : {}),
  }
}

/** Whether the bytes were refused before the upload saw any of them. */
function isHeldBack(error: unknown): boolean {
  return error instanceof Refusal && ['checksum-mismatch', 'staging-full'].includes(error.code)
}

/** The client lost our answer, and brings the whole file again; or it brings something else. */
async function repeat({ exchange, grant, body }: Asked, needs: CreationNeeds): Promise<void> {
  const { client, contentLength = 0 } = exchange
  if (contentLength !== grant.size) throw new Refusal('slot-conflict')
  const outcome = await needs.engine.put({ grant, client, body })
  if (outcome.kind === 'cut') return exchange.cut()
  answer(exchange, 201, {
    [HEADER.location]: downloadUrl(needs.publicUrl, outcome),
    ...progressFields({ offset: outcome.file.size }),
  })
}

/** Where the file is that an upload became. */
export function downloadUrl(publicUrl: URL, { file }: Published): string {
  return `${publicUrl.href}${encodeSlotPath(file.path)}`
}
