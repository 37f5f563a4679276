import type { Bytes, Source } from './source.ts'
import { type Failure, UploadError } from './upload-error.ts'

/** The bytes from `start` up to `end`. Rejects with `UploadError` (`source-changed`) if they are not to be had. */
export async function sliceOf(source: Source, start: number, end: number): Promise<Bytes> {
  const bytes = await readable(async () => await source.slice(start, end))
  if (bytes.size !== end - start) throw miscounted(bytes.size, end - start)
  return bytes
}

/**
 * The same bytes as a `Blob`, all of them held, for those who send nothing else. Rejects with `UploadError`
 * (`source-changed`) if a stream ends before or after its `size`.
 */
export async function blobOf(bytes: Bytes): Promise<Blob> {
  if (bytes instanceof Blob) return bytes
  const blob = await bytesOf(bytes)
  if (blob.size !== bytes.size) throw miscounted(blob.size, bytes.size)
  return blob
}

/** Rejects like {@link sliceOf} if its first byte cannot be read any more: then no connection was to blame for a loss. */
export async function expectReadable(source: Source): Promise<void> {
  const bytes = await sliceOf(source, 0, Math.min(1, source.size))
  await readable(async () => await bytesOf(bytes))
}

async function bytesOf(bytes: Bytes): Promise<Blob> {
  return await new Response(bytes.stream()).blob()
}

/** What is read of a file. Rejects with `UploadError` if reading fails. */
export async function readable<Read>(read: () => Promise<Read>): Promise<Read> {
  try {
    return await read()
  } catch (cause) {
    throw cause instanceof UploadError ? cause : changed({ cause })
  }
}

/** The file gives more or fewer bytes than it should. */
export function miscounted(size: number, expected: number): UploadError {
  return new UploadError('source-changed', `The source gave ${size} bytes, not ${expected}`)
}

/** The file is not the one that the upload began with. */
export function changed(failure?: Failure): UploadError {
  return new UploadError('source-changed', 'The file has changed', failure)
}
