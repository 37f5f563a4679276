import type { Bytes, Source } from './source.ts'
import { UploadError } from './upload-error.ts'

/** The bytes from `start` up to `end`. Rejects with `UploadError` (`source-changed`) if they are not to be had. */
export async function sliceOf(source: Source, start: number, end: number): Promise<Bytes> {
  try {
    const bytes = await source.slice(start, end)
    if (bytes.size === end - start) return bytes
  } catch (cause) {
    throw cause instanceof UploadError ? cause : changed(cause)
  }
  throw changed()
}

/**
 * The same bytes as a `Blob`, all of them held, for those who send nothing else. Rejects with `UploadError`
 * (`source-changed`) if a stream ends before or after its `size`.
 */
export async function blobOf(bytes: Bytes): Promise<Blob> {
  if (bytes instanceof Blob) return bytes
  const blob = await new Response(bytes.stream()).blob()
  if (blob.size !== bytes.size) throw changed()
  return blob
}

/** Rejects like {@link sliceOf} if a byte cannot be read any more: then no connection was to blame for a loss. */
export async function expectReadable(source: Source, at: number): Promise<void> {
  const bytes = await sliceOf(source, at, Math.min(at + 1, source.size))
  try {
    await new Response(bytes.stream()).arrayBuffer()
  } catch (cause) {
    throw changed(cause)
  }
}

/** The file is not the one that the upload began with. */
export function changed(cause?: unknown): UploadError {
  return new UploadError('source-changed', 'The file has changed', { cause })
}
