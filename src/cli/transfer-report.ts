import { UploadError, type UploadErrorCode } from '../client/upload-error.ts'
import { OperatorError } from '../core/operator-error.ts'
import type { Io } from './io.ts'

/** How a transfer ended that was no failure. */
export interface Ending {
  /** One line for people, and for simple scripts. */
  readonly text: string
  /** For programs. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** What to do about each way to fail: a sentence. */
export type Remedies = Readonly<Record<UploadErrorCode, string>>

export interface Reporting {
  readonly io: Io
  /** One line of JSON on stdout, whatever comes of it. */
  readonly json: boolean
  /** The user's wish to stop. */
  readonly signal: AbortSignal
  readonly remedies: Remedies
}

/**
 * Runs a transfer and tells how it ended. Resolves to the exit code: 0 it is done, 1 it failed or was stopped.
 * Without `json`, a failure is thrown as the error that says what to do.
 */
export async function reported(
  transfer: () => Promise<Ending>,
  { io, json, signal, remedies }: Reporting,
): Promise<number> {
  const tell = (facts: object): unknown => io.stdout.write(`${JSON.stringify(facts)}\n`)
  try {
    const { text, facts } = await transfer()
    if (json) tell({ ok: true, ...facts })
    else io.stdout.write(`${text}\n`)
    return 0
  } catch (error) {
    const message = signal.aborted ? STOPPED : sentenceOn(error, remedies)
    if (json) tell({ ok: false, ...codesOf(error), message })
    else if (signal.aborted) io.stderr.write(`${message}\n`)
    else throw error instanceof UploadError ? new OperatorError(message) : error
    return 1
  }
}

const STOPPED = 'Stopped. The same command goes on from here.'

function sentenceOn(error: unknown, remedies: Remedies): string {
  if (!(error instanceof UploadError)) return rootOf(error)
  const { code, message, cause } = error
  const why = cause === undefined ? '' : ` (${rootOf(cause)})`
  return `${message}${why}. ${remedies[code]}`
}

function codesOf(error: unknown): object {
  if (!(error instanceof UploadError)) return {}
  const { code, status, problem } = error
  return { code, status, problem }
}

/** Where a failure comes from: `fetch`, for one, says only that it failed. */
export function rootOf(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason)
  return reason.cause === undefined ? reason.message : rootOf(reason.cause)
}
