import type { OutgoingHttpHeaders } from 'node:http'
import type { Clock, Instant } from '../../core/clock.ts'
import { encodeSlotPath } from '../../core/slot-path.ts'
import { uploadPath } from '../../core/upload-resource.ts'
import type { Progress, Published, UploadStatus } from '../../engine/engine.ts'
import type { Answer } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { reprDigest } from '../../http/digest-fields.ts'
import type { Draft } from './drafts.ts'

/** What every answer of the protocol is rendered with. */
export interface Rendering {
  readonly draft: Draft
  readonly publicUrl: URL
  readonly clock: Clock
}

/** The version spoken: a part of every answer, final or not. */
export function spoken({ interop }: Draft): OutgoingHttpHeaders {
  return interop === undefined ? {} : { [HEADER.uploadInterop]: String(interop) }
}

/** The field that says whether the upload is complete, as the version writes it. */
export function completeness(
  { completeness: as }: Draft,
  isComplete: boolean,
): OutgoingHttpHeaders {
  return { [as.field]: isComplete === as.complete ? '?1' : '?0' }
}

/** `Upload-Limit` for an upload of `size` bytes; nothing in versions without limits. */
export function limits(
  { draft, clock }: Rendering,
  { size, expiresAt }: { size: number; expiresAt?: Instant | undefined },
): OutgoingHttpHeaders {
  if (draft.lifetime === undefined) return {}
  const seconds = Math.max(0, Math.floor(((expiresAt ?? 0) - clock()) / 1000))
  const life = expiresAt === undefined ? '' : `, ${draft.lifetime}=${seconds}`
  return { [HEADER.uploadLimit]: `max-size=${size}${life}` }
}

/** Where a client comes back to its upload. */
export function uploadUrl(publicUrl: URL, id: string): string {
  return `${publicUrl.href}${uploadPath(id)}`
}

/** The upload was created and is not complete: the client goes on at `Location`. */
export function createdAnswer(
  progress: Progress,
  { id, size }: { id: string; size: number },
  rendering: Rendering,
): Answer {
  const { draft, publicUrl } = rendering
  return {
    status: 201,
    headers: {
      ...spoken(draft),
      ...standing(draft, progress),
      ...limits(rendering, { size, expiresAt: progress.expiresAt }),
      [HEADER.location]: uploadUrl(publicUrl, id),
    },
  }
}

/** More bytes came, and the upload is not complete. A full one must not look like a published file. */
export function appendedAnswer(progress: Progress, draft: Draft): Answer {
  const status = progress.offset === progress.size ? 204 : draft.appended
  return { status, headers: { ...spoken(draft), ...standing(draft, progress) } }
}

/**
 * The file is published: to an XMPP client 201 is the only success (XEP-0363 §7). `id` is given
 * where the client knows the upload and its version locates a creation's answer there.
 */
export function finishedAnswer(
  { file, digests }: Published,
  { draft, publicUrl }: Rendering,
  id?: string,
): Answer {
  const url = `${publicUrl.href}${encodeSlotPath(file.path)}`
  const digest = digests === undefined ? {} : { [HEADER.reprDigest]: reprDigest(digests) }
  const located =
    id !== undefined && draft.locatesUpload
      ? { [HEADER.location]: uploadUrl(publicUrl, id), [HEADER.contentLocation]: url }
      : { [HEADER.location]: url }
  return {
    status: 201,
    headers: {
      ...spoken(draft),
      ...completeness(draft, true),
      [HEADER.uploadOffset]: String(file.size),
      [HEADER.contentLength]: '0',
      [HEADER.etag]: `"${file.id}"`,
      ...located,
      ...digest,
    },
  }
}

/** How the upload stands, for HEAD. */
export function statusAnswer(status: UploadStatus, rendering: Rendering): Answer {
  const { draft } = rendering
  return {
    status: 204,
    headers: {
      ...spoken(draft),
      ...completeness(draft, status.isComplete),
      ...limits(rendering, status),
      [HEADER.uploadOffset]: String(status.offset),
      [HEADER.uploadLength]: String(status.size),
      [HEADER.cacheControl]: 'no-store',
    },
  }
}

function standing(draft: Draft, { offset }: Progress): OutgoingHttpHeaders {
  return { ...completeness(draft, false), [HEADER.uploadOffset]: String(offset) }
}
