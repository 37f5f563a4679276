import { HEADER } from '../wire/header-names.ts'
import { fetchTransport } from './fetch-transport.ts'
import type { Transport, UploadAnswer, UploadRequest } from './transport.ts'
import {
  UploadDeferred,
  UploadGone,
  UploadRefused,
  expectStatus,
  expectThere,
  isComplete,
  offsetIn,
} from './upload-answers.ts'

/** What an upload tells of itself. */
export type UploadEvent =
  | { readonly kind: 'created'; readonly resource: string }
  /** Bytes are sent from this offset on. */
  | { readonly kind: 'sending'; readonly offset: number }
  /** Bytes up to here have been handed to the network; the server may have fewer. */
  | { readonly kind: 'sent'; readonly offset: number }
  | { readonly kind: 'lost'; readonly reason: unknown }
  /** What the server has, of which none is sent again. */
  | { readonly kind: 'stands'; readonly offset: number }

export interface ResumingUploadOptions {
  /** The slot's PUT URL (XEP-0363). */
  readonly url: string
  /** Header fields that came with the slot. */
  readonly headers?: Readonly<Record<string, string>>
  readonly file: Blob
  /** Default: `fetch`. */
  readonly transport?: Transport
  /** Aborting it gives the upload up. */
  readonly signal: AbortSignal
  readonly onEvent?: (event: UploadEvent) => void
}

/** An upload that goes on after every loss, where the server stands. */
export interface ResumingUpload {
  /**
   * Resolves when the file is published. Rejects with `UploadRefused` if the server does not take it,
   * or with the reason of the signal.
   */
  readonly done: Promise<void>
  /** The device has another network: the connection in use is left, a new one made at once. */
  readonly networkChanged: () => void
}

/** Version of the protocol (draft-ietf-httpbis-resumable-upload, interop version 8). */
const INTEROP = { [HEADER.uploadInterop]: '8' }

/** Waits before the next try, in milliseconds; the last is repeated. */
const WAITS: readonly number[] = [0, 100, 250, 500, 1000, 2000, 5000]

/**
 * Creations in a row whose upload is gone before a byte of it stood. Then it is not the upload that
 * is missing, but a way to it: something in between forwards the slot's address only.
 */
const MOST_VAIN = 3

/** Where the upload is; an offset is only known until the connection is lost. */
type Stage =
  | { readonly kind: 'new' }
  | { readonly kind: 'unsure'; readonly resource: string }
  | { readonly kind: 'standing'; readonly resource: string; readonly offset: number }
  | { readonly kind: 'complete' }

/**
 * Uploads a file to a slot by the IETF protocol: an upload is created without a byte, so that its
 * address is known before anything can be lost; then the bytes are sent, from where the server
 * says it stands.
 */
export function startUpload(options: ResumingUploadOptions): ResumingUpload {
  let attempt = new AbortController()
  return { done: run(), networkChanged: () => attempt.abort(new Error('another network')) }

  async function run(): Promise<void> {
    let stage: Stage = { kind: 'new' }
    let failures = 0
    let vain = 0
    let furthest = 0
    while (stage.kind !== 'complete') {
      attempt = new AbortController()
      const signal = AbortSignal.any([options.signal, attempt.signal])
      try {
        stage = await advanced(stage, { ...options, signal })
        if (stage.kind !== 'standing' || stage.offset <= furthest) continue
        furthest = stage.offset
        failures = 0
        vain = 0
      } catch (reason) {
        options.signal.throwIfAborted()
        if (reason instanceof UploadRefused) throw reason
        options.onEvent?.({ kind: 'lost', reason })
        if (reason instanceof UploadGone) {
          vain += 1
          furthest = 0
          refuseIfVain(vain, reason)
        }
        stage = stageAfter(reason, stage)
        await rest(attempt, { signal: options.signal, wait: waitAfter(reason, failures) })
        failures += 1
      }
    }
  }
}

function refuseIfVain(vain: number, { status }: UploadGone): void {
  if (vain >= MOST_VAIN) throw new UploadRefused(status, 'An upload just created')
}

/** Where an upload is that was `before` when it was lost. */
function stageAfter(reason: unknown, before: Stage): Stage {
  if (reason instanceof UploadGone) return { kind: 'new' }
  return before.kind === 'standing' ? { kind: 'unsure', resource: before.resource } : before
}

async function advanced(
  stage: Exclude<Stage, { kind: 'complete' }>,
  options: ResumingUploadOptions,
): Promise<Stage> {
  switch (stage.kind) {
    case 'new':
      return await created(options)
    case 'unsure':
      return await asked(stage.resource, options)
    case 'standing':
      return await sent(stage, options)
  }
}

async function created(options: ResumingUploadOptions): Promise<Stage> {
  const { url, headers, file, onEvent } = options
  const fields = {
    ...headers,
    [HEADER.uploadComplete]: '?0',
    [HEADER.uploadLength]: String(file.size),
  }
  const answer = await send(options, { method: 'PUT', url, headers: fields })
  expectStatus(answer, [201], 'The creation of the upload')
  const location = answer.headers.get(HEADER.location)
  if (location === null) throw new UploadRefused(answer.status, 'A creation without Location')
  const resource = new URL(location, url).href
  onEvent?.({ kind: 'created', resource })
  return { kind: 'standing', resource, offset: 0 }
}

async function asked(resource: string, options: ResumingUploadOptions): Promise<Stage> {
  const answer = await send(options, { method: 'HEAD', url: resource, headers: {} })
  expectThere(answer)
  expectStatus(answer, [200, 204], 'The question where the upload stands')
  const offset = offsetIn(answer, options.file.size)
  options.onEvent?.({ kind: 'stands', offset })
  return isComplete(answer) ? { kind: 'complete' } : { kind: 'standing', resource, offset }
}

async function sent(
  { resource, offset }: { resource: string; offset: number },
  options: ResumingUploadOptions,
): Promise<Stage> {
  const { file, onEvent } = options
  onEvent?.({ kind: 'sending', offset })
  const answer = await send(options, {
    method: 'PATCH',
    url: resource,
    headers: {
      [HEADER.contentType]: 'application/partial-upload',
      [HEADER.uploadOffset]: String(offset),
      [HEADER.uploadComplete]: '?1',
    },
    body: file.slice(offset),
    onSent: (bytes) => onEvent?.({ kind: 'sent', offset: offset + bytes }),
  })
  expectThere(answer)
  // Another request of ours that was thought lost got there first.
  if (answer.status === 409) throw new Error('The upload stands elsewhere')
  expectStatus(answer, [200, 201], 'The rest of the file')
  return { kind: 'complete' }
}

async function send(
  { transport = fetchTransport, signal }: ResumingUploadOptions,
  request: Omit<UploadRequest, 'signal'>,
): Promise<UploadAnswer> {
  return await transport({ ...request, headers: { ...INTEROP, ...request.headers }, signal })
}

function waitAfter(reason: unknown, failures: number): number {
  const wait = WAITS[Math.min(failures, WAITS.length - 1)] ?? 0
  return reason instanceof UploadDeferred ? Math.max(wait, reason.wait) : wait
}

/** Waits, but no longer than until another network is there. */
async function rest(
  attempt: AbortController,
  { signal, wait }: { signal: AbortSignal; wait: number },
): Promise<void> {
  if (attempt.signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, wait)
  const woken = AbortSignal.any([attempt.signal, signal])
  woken.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
  signal.throwIfAborted()
}
