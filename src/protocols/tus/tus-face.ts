import type { OutgoingHttpHeaders } from 'node:http'
import type { Handler } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { CHECKSUM_ALGORITHMS, staging } from './checksum.ts'
import { type CreationNeeds, createHandler } from './create.ts'
import { RESOURCE_METHODS, type ResourceNeeds, resourceHandler } from './resource.ts'
import { TUS_VERSION, spoken } from './tus-answers.ts'

const EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'expiration',
  'checksum',
  'termination',
]

/** tus 1.0 over slots. */
export interface TusFace {
  /** POST on a slot path. */
  readonly create: Handler
  /** Requests on upload resources. */
  readonly resource: Handler
  /** Methods of an upload resource, as `Allow` lists them. */
  readonly methods: string
  /** What OPTIONS tells of it. */
  readonly discovery: OutgoingHttpHeaders
}

/** What tus is spoken with. */
export interface TusNeeds extends Omit<CreationNeeds & ResourceNeeds, 'room'> {
  /** Largest file, in bytes. */
  readonly maxSize: number
}

/** tus 1.0 (https://tus.io/protocols/resumable-upload) without concatenation. */
export function tusFace({ maxSize, ...needs }: TusNeeds): TusFace {
  const room = staging()
  return {
    create: spoken(createHandler({ ...needs, room })),
    resource: spoken(resourceHandler({ ...needs, room })),
    methods: RESOURCE_METHODS,
    discovery: {
      [HEADER.tusResumable]: TUS_VERSION,
      [HEADER.tusVersion]: TUS_VERSION,
      [HEADER.tusExtension]: EXTENSIONS.join(','),
      [HEADER.tusMaxSize]: String(maxSize),
      [HEADER.tusChecksumAlgorithm]: CHECKSUM_ALGORITHMS.join(','),
    },
  }
}
