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

/** What whoever waits for a transfer wants to hear of it. */
export type News =
  /** Nothing goes on, for that reason: a sentence without its full stop. */
  | { readonly code: 'lost'; readonly reason: string }
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
    if (event.kind === 'lost') return { code: 'lost', reason: lossText(event.reason) }
    if (event.kind === 'waiting') return { code: 'waiting', wait: event.wait }
    if (event.kind === 'reauthenticating') return { code: 'new-slot' }
    const offset = offsetIn(event)
    const isContinued = isInterrupted || (event.kind === 'receiving' && event.offset > 0)
    if (!isContinued || offset === undefined) return undefined
    isInterrupted = false
    return { code: 'continued', offset }
  }
}

/** A server that answers, but not with what was wanted, was not lost. */
function lossText(reason: unknown): string {
  const isAnswer = reason instanceof UploadError
  return isAnswer ? reason.message : `connection lost: ${rootOf(reason)}`
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
