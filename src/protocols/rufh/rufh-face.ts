import type { OutgoingHttpHeaders } from 'node:http'
import type { Handler } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { createHandler } from './create.ts'
import { resourceHandler } from './resource.ts'
import type { RufhNeeds } from './rufh-needs.ts'

/** Resumable uploads of the IETF, for a listener. */
export interface RufhFace {
  /** PUT and POST on a slot path. */
  readonly create: Handler
  /** Every method but OPTIONS on an upload resource. */
  readonly resource: Handler
  /** What OPTIONS tells of it. */
  readonly discovery: OutgoingHttpHeaders
}

/** The face that creates uploads of at most `maxFileSize` bytes, which live for `maxAge` milliseconds. */
export function rufhFace(
  needs: RufhNeeds & { readonly maxFileSize: number; readonly maxAge: number },
): RufhFace {
  const { maxFileSize, maxAge } = needs
  const life = Math.floor(maxAge / 1000)
  return {
    create: createHandler(needs),
    resource: resourceHandler(needs),
    discovery: { [HEADER.uploadLimit]: `max-size=${maxFileSize}, max-age=${life}` },
  }
}
