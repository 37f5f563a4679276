import { UploadError, type UploadErrorCode } from '../client/upload-error.ts'
import { errorCode } from '../core/error-code.ts'
import { OperatorError } from '../core/operator-error.ts'
import { type Flags, UsageError } from './command.ts'
import type { Io } from './io.ts'
import { jsonText } from './json-text.ts'
import { quoted } from './printable-text.ts'
import { isRefusalOfTheSystem } from './system-refusal.ts'
import { type FailureCode, TransferFailure } from './transfer-failure.ts'
import { rootOf } from './transfer-news.ts'
import type { Telling } from './transfer-teller.ts'

/** The flags of how a transfer is told. */
export const TELLING_FLAGS = {
  json: { type: 'boolean', help: 'print one JSON object' },
  quiet: { type: 'boolean', help: 'tell of nothing but the outcome' },
} as const satisfies Flags

/** Every way in which a transfer ends well, for programs: codes stay as they are. */
export const SUCCESSES = {
  uploaded: 'the file is at `url`',
  'already-there': 'it was there before, and nothing was sent',
  downloaded: 'the file is at `path`',
  sent: 'the file is at `url`, and the message with its link is taken',
} as const

/** How a transfer ended that was no failure. */
export interface Ending {
  readonly code: keyof typeof SUCCESSES
  /** One line for people, and for simple scripts. */
  readonly text: string
  /** What people are told besides: a sentence. */
  readonly remark?: string
  /** For programs. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** What to do about each way to fail: a sentence. Codes of a server's problems go before those of the client. */
export type Remedies = Readonly<Record<UploadErrorCode, string> & Record<string, string>>

export interface Reporting {
  readonly io: Io
  /** With `json`, one line of it on stdout, whatever comes of the transfer. */
  readonly telling: Telling
  /** The user's wish to stop. */
  readonly signal: AbortSignal
  readonly remedies: Remedies
}

/** What programs are told of a failure. */
interface Failure extends Partial<Pick<UploadError, 'status' | 'problem'>> {
  readonly code: FailureCode
  readonly message: string
  /** The error of the operating system. */
  readonly system?: string | undefined
}

/** As shells see a program that Ctrl-C ended: 128 and the number of SIGINT. */
const STOPPED = 130

/**
 * Runs a transfer and tells how it ended. Resolves to the exit code: 0 it is done, 1 it failed, 130 it was stopped.
 * Without `json`, a failure is thrown as the error that says what to do; wrong usage and faults of the program always
 * are, as they are.
 */
export async function reported(
  transfer: () => Promise<Ending>,
  { io, telling, signal, remedies }: Reporting,
): Promise<number> {
  try {
    tellEnding(await transfer(), io, telling)
    return 0
  } catch (error) {
    if (error instanceof UsageError) throw error
    const failure = signal.aborted ? stoppedBy(error) : failureOf(error, remedies)
    if (telling.json === true) io.stdout.write(`${jsonText({ ok: false, ...failure })}\n`)
    else if (signal.aborted) io.stderr.write(`${failure.message}\n`)
    else if (failure.code !== 'internal') throw new OperatorError(failure.message)
    if (failure.code === 'internal') throw error
    return signal.aborted ? STOPPED : 1
  }
}

function tellEnding({ code, text, remark, facts }: Ending, io: Io, { json, quiet }: Telling): void {
  if (json === true) {
    io.stdout.write(`${jsonText({ ok: true, code, ...facts })}\n`)
    return
  }
  io.stdout.write(`${text}\n`)
  if (remark !== undefined && quiet !== true) io.stderr.write(`${remark}\n`)
}

/** Some steps know better than that the same command goes on. */
function stoppedBy(error: unknown): Failure {
  if (error instanceof TransferFailure) return known(error)
  return { code: 'stopped', message: 'Stopped. The same command goes on from here.' }
}

function failureOf(error: unknown, remedies: Remedies): Failure {
  if (error instanceof UploadError) {
    const { code, status, problem } = error
    return { code, status, problem, message: sentenceOn(error, remedies) }
  }
  if (error instanceof TransferFailure) return known(error)
  const message = error instanceof OperatorError ? error.message : rootOf(error)
  if (error instanceof OperatorError) return { code: 'local-problem', message }
  if (!isRefusalOfTheSystem(error)) return { code: 'internal', message }
  return { code: 'local-problem', system: errorCode(error), message }
}

function known({ code, facts, message }: TransferFailure): Failure {
  return { code, ...facts, message }
}

function sentenceOn(
  { code, problem = '', message, cause }: UploadError,
  remedies: Remedies,
): string {
  const why = cause === undefined ? '' : ` (${rootOf(cause)})`
  return `${quoted(message)}${why}. ${remedies[problem] ?? remedies[code]}`
}
