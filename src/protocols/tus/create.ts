import type { OutgoingHttpHeaders } from 'node:http'
import type { ByteSource } from '../../core/bytes.ts'
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
import type { Admission, Gate } from '../../gate/gate.ts'
import { adoptedUpload } from '../../http/adopted-upload.ts'
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

/** A creation. */
interface Asked {
  readonly exchange: Exchange
  readonly creation: Creation
  /** The bytes that it brings, if it brings any. */
  readonly body: ByteSource
}

interface Verified extends Asked {
  readonly admission: Admission
}

/** POST on a slot path: Creation, Creation With Upload and Creation Defer Length of tus 1.0. */
export function createHandler(needs: CreationNeeds): Handler {
  const { engine, room, publicUrl } = needs
  return async (exchange): Promise<void> => {
    if (exchange.headers[HEADER.methodOverride] !== undefined) {
      throw new Refusal('method-not-allowed', { allow: 'POST' })
    }
    const creation = parseCreation(exchange.headers)
    const asked: Asked = { exchange, creation, body: chunkOf(exchange, room) }
    const told = newUploadResource()
    const claim = {
      size: creation.length ?? 'as-granted',
      types: creation.metadata?.types ?? [],
    } as const
    const outcome = await needs.gate.admit(exchange, claim, async (admission) => {
      const verified = { ...asked, admission }
      const created = await create(verified, told, engine)
      return created.kind === 'finished' ? await repeat(verified, engine) : created
    })
    if (outcome.kind === 'cut') return exchange.cut()
    answer(exchange, 201, createdFields(outcome, told, publicUrl))
  }
}

/** What became of a creation; `repeated`: the slot had its file already. */
type Created = Progress | Published | Cut | { readonly kind: 'repeated'; readonly of: Published }

function createdFields(
  outcome: Exclude<Created, Cut>,
  { id }: UploadResource,
  publicUrl: URL,
): OutgoingHttpHeaders {
  const location = { [HEADER.location]: `${publicUrl.href}${uploadPath(id)}` }
  if (outcome.kind === 'progress') return { ...location, ...progressFields(outcome) }
  const published = outcome.kind === 'repeated' ? outcome.of : outcome
  const url = downloadUrl(publicUrl, published)
  const offset = progressFields({ offset: published.file.size })
  return outcome.kind === 'repeated'
    ? { [HEADER.location]: url, ...offset }
    : { ...location, [HEADER.contentLocation]: url, ...offset }
}

/** The upload with the bytes that came with its creation; `finished`: the slot has its file already. */
async function create(
  { exchange, creation, admission, body }: Verified,
  { id, resource }: UploadResource,
  engine: CreationNeeds['engine'],
): Promise<Progress | Published | Cut | { readonly kind: 'finished' }> {
  const { client, headers } = exchange
  const { authorization } = headers
  // A file of no bytes is complete as soon as it is created.
  const isFilled = bringsChunk(exchange) || admission.grant.size === 0
  const description = {
    ...descriptionOf(creation),
    ...(isFilled ? { isUntold: true as const } : {}),
    ...(authorization === undefined ? {} : { credential: credentialMark(id, authorization) }),
  }
  const created = await engine.create({
    ...admission,
    client,
    face: 'tus',
    resource,
    description,
    adopts: adoptedUpload({ headers, bringsBytes: bringsChunk(exchange) }),
  })
  if (created.kind === 'published') return { kind: 'finished' }
  if (created.kind === 'cut' || !isFilled) return created
  const asking = { resource, client, passage: admission.passage }
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
async function repeat(
  { exchange, admission, body }: Verified,
  engine: CreationNeeds['engine'],
): Promise<Created> {
  const { client, contentLength = 0 } = exchange
  if (contentLength !== admission.grant.size) throw new Refusal('slot-conflict')
  const of = await engine.put({ ...admission, client, body })
  return of.kind === 'cut' ? of : { kind: 'repeated', of }
}

/** Where the file is that an upload became. */
export function downloadUrl(publicUrl: URL, { file }: Published): string {
  return `${publicUrl.href}${encodeSlotPath(file.path)}`
}
