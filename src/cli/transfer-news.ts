import type { DownloadEvent } from '../client/download-options.ts'
import { UploadError } from '../client/upload-error.ts'
import type { UploadEvent } from '../client/upload-event.ts'
import type { Progress } from '../client/upload-options.ts'
import { quoted } from './printable-text.ts'

export type TransferEvent = UploadEvent | DownloadEvent

/** Tells on `stderr` how a transfer goes. To be disposed of at the end. */
export interface TransferTeller extends Disposable {
  readonly onProgress: (progress: Progress) => void
  readonly onEvent: (event: TransferEvent) => void
}

/** Nothing goes on. */
export interface Loss {
  readonly code: 'lost'
  /** A sentence without its full stop. */
  readonly reason: string
  /** The HTTP status, if a server answered, but not with what was wanted; then it was not lost. */
  readonly status?: number | undefined
  /** The code of the server's problem, if it told one. */
  readonly problem?: string | undefined
}

/** What whoever waits for a transfer wants to hear of it. */
export type News =
  | Loss
  /** The next try is in so many milliseconds. */
  | { readonly code: 'waiting'; readonly wait: number }
  /** It goes on, or an earlier run does, from this byte. */
  | { readonly code: 'continued'; readonly offset: number }
  /** The server wants a new slot, and is given one. */
  | { readonly code: 'new-slot' }

/** After these, a transfer does not stand where it stood. */
const INTERRUPTIONS: readonly string[] = ['lost', 'restored', 'reauthenticating']

/** Tells the news of each event; nothing where what was said before still holds. */
export function newsTeller(): (event: TransferEvent) => News | undefined {
  let isInterrupted = false
  return (event) => {
    if (INTERRUPTIONS.includes(event.kind)) isInterrupted = true
    if (event.kind === 'lost') return lossBy(event.reason)
    if (event.kind === 'waiting') return { code: 'waiting', wait: event.wait }
    if (event.kind === 'reauthenticating') return { code: 'new-slot' }
    const offset = offsetIn(event)
    const isContinued = isInterrupted || (event.kind === 'receiving' && event.offset > 0)
    if (!isContinued || offset === undefined) return undefined
    isInterrupted = false
    return { code: 'continued', offset }
  }
}

function lossBy(reason: unknown): Loss {
  if (!(reason instanceof UploadError)) {
    return { code: 'lost', reason: `connection lost: ${rootOf(reason)}` }
  }
  const { message, status, problem } = reason
  return { code: 'lost', reason: quoted(message), status, problem }
}

function offsetIn(event: TransferEvent): number | undefined {
  const { kind } = event
  return kind === 'stands' || kind === 'adopted' || kind === 'receiving' ? event.offset : undefined
}

/** Where a failure comes from, fit for a terminal: `fetch`, for one, says only that it failed. */
export function rootOf(reason: unknown): string {
  if (!(reason instanceof Error)) return quoted(String(reason))
  return reason.cause === undefined ? quoted(reason.message) : rootOf(reason.cause)
}
