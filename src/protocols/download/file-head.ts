import type { OutgoingHttpHeaders } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { mediaTypeOr } from '../../core/media-type.ts'
import type { PublishedFile } from '../../engine/engine.ts'
import { HEADER } from '../../wire/header-names.ts'
import { dispositionOf } from './content-rules.ts'
import type { Validators } from './preconditions.ts'

/** The head of a file's answers. Objects are shared between requests: never to be changed. */
export interface FileHead extends Validators {
  readonly contentType: string
  /** What the answer without a body of its own says: 304 (RFC 9110 §15.4.5). */
  readonly caching: Readonly<OutgoingHttpHeaders>
  /** What is true of the file whoever sends it. */
  readonly description: Readonly<OutgoingHttpHeaders>
  /** The head of the whole file. */
  readonly whole: Readonly<OutgoingHttpHeaders>
  /** Seconds for which the file may be kept, as `caching` says. */
  readonly maxAge: number
}

/** RFC 9111 has no bound; a year is what caches take for ever. */
const LONGEST_MAX_AGE = 365 * 24 * 60 * 60

const SECURITY: Readonly<OutgoingHttpHeaders> = {
  [HEADER.contentSecurityPolicy]:
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
  [HEADER.contentTypeOptions]: 'nosniff',
  [HEADER.crossOriginResourcePolicy]: 'cross-origin',
}

/**
 * Gives the head of a file: built once per file object, and again only when the seconds for
 * which it may be cached have changed.
 */
export function fileHeads(clock: Clock): (file: PublishedFile) => FileHead {
  const heads = new WeakMap<PublishedFile, FileHead>()
  return (file) => {
    const maxAge = maxAgeOf(file, clock)
    const known = heads.get(file)
    if (known !== undefined && known.maxAge === maxAge) return known
    const head = buildHead(file, maxAge)
    heads.set(file, head)
    return head
  }
}

function maxAgeOf(file: PublishedFile, clock: Clock): number {
  if (file.expiresAt === undefined) return LONGEST_MAX_AGE
  const left = Math.floor((file.expiresAt - clock()) / 1000)
  return Math.max(0, Math.min(LONGEST_MAX_AGE, left))
}

function buildHead(file: PublishedFile, maxAge: number): FileHead {
  const etag = `"${file.id}"`
  const lastModified = Math.floor(file.publishedAt / 1000) * 1000
  const contentType = mediaTypeOr(file.contentType)
  const caching = {
    [HEADER.etag]: etag,
    [HEADER.lastModified]: new Date(lastModified).toUTCString(),
    [HEADER.cacheControl]: `public, max-age=${maxAge}, immutable`,
  }
  const description = {
    [HEADER.contentType]: contentType,
    [HEADER.contentDisposition]: dispositionOf(file.path, contentType),
    ...caching,
    ...SECURITY,
  }
  const whole = {
    ...description,
    [HEADER.acceptRanges]: 'bytes',
    [HEADER.contentLength]: file.size,
  }
  return { etag, lastModified, contentType, caching, description, whole, maxAge }
}
