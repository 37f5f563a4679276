import type { OutgoingHttpHeaders } from 'node:http'
import { parseSlotPath } from '../../core/slot-path.ts'
import { isUploadPath, namedUpload } from '../../core/upload-resource.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { createHandler } from './create.ts'
import { RESOURCE_METHODS, resourceHandler } from './resource.ts'
import type { RufhNeeds } from './rufh-needs.ts'

/** Resumable uploads of the IETF, for a listener. */
export interface RufhFace {
  /** PUT and POST on a slot path. */
  readonly create: Handler
  /** Every method but OPTIONS on an upload resource. */
  readonly resource: Handler
  /** Methods of an upload resource, as `Allow` lists them. */
  readonly methods: string
  /** What OPTIONS tells of it. */
  readonly discovery: OutgoingHttpHeaders
  /** What OPTIONS tells beside that of a slot or upload whose size is known. */
  readonly limitsOf: (exchange: Pick<Exchange, 'target'>) => Promise<OutgoingHttpHeaders>
}

/** What the operator decided about uploads, as far as clients are told of it. */
export interface UploadLimits {
  /** Bytes. */
  readonly maxFileSize: number
  /** Milliseconds that an unfinished upload lives. */
  readonly maxAge: number
  /** Bytes after which an upload is kept at least: no client gains by smaller appends. */
  readonly chunkSize: number
}

/** The face over an engine. */
export function rufhFace(
  needs: RufhNeeds,
  { maxFileSize, maxAge, chunkSize }: UploadLimits,
): RufhFace {
  const life = Math.floor(maxAge / 1000)
  const limitOf = (size: number): OutgoingHttpHeaders => ({
    [HEADER.uploadLimit]: `max-size=${size}, max-age=${life}`,
  })
  return {
    create: createHandler(needs),
    resource: resourceHandler(needs),
    methods: RESOURCE_METHODS,
    discovery: {
      ...limitOf(maxFileSize),
      [HEADER.chunkSize]: String(chunkSize),
    },
    async limitsOf({ target: { rawPath } }): Promise<OutgoingHttpHeaders> {
      // A preflight is answered whatever is wrong with its path or the state: the request that follows is told.
      const size = await sizeAt(rawPath, needs).catch(() => undefined)
      return size === undefined ? {} : limitOf(size)
    },
  }
}

/** Length in bytes of the slot or upload at a path as received, where one is known there. */
async function sizeAt(rawPath: string, { engine }: RufhNeeds): Promise<number | undefined> {
  if (!isUploadPath(rawPath)) return await engine.sizeOf(parseSlotPath(rawPath))
  return await engine.sizeOfResource(namedUpload(rawPath, undefined).resource)
}
