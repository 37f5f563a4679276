import type { OutgoingHttpHeaders } from 'node:http'
import type { Handler } from '../../http/exchange.ts'
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
  return {
    create: createHandler(needs),
    resource: resourceHandler(needs),
    methods: RESOURCE_METHODS,
    discovery: {
      [HEADER.uploadLimit]: `max-size=${maxFileSize}, max-age=${life}`,
      [HEADER.chunkSize]: String(chunkSize),
    },
  }
}
