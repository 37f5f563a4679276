import type { Environment } from '../config/option.ts'

/** Takes text; a stream of the process, or a buffer in tests. */
interface TextSink {
  write(text: string): unknown
}

/** All that a command touches besides files. */
export interface Io {
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly env: Environment
  /** Absolute path. */
  readonly cwd: string
  /** Whether a person reads the output: colours, and secrets where they help. */
  readonly isTerminal: boolean
  /** Whether a person watches what is told meanwhile: `stderr` is a terminal. */
  readonly isWatched?: boolean
  /** Aborts when the user or the service manager asks the program to stop. */
  readonly stopRequested: () => AbortSignal
  /** Calls back whenever the service manager asks for a reload, until it is disposed of. */
  readonly onReload: (listener: () => void) => Disposable
}
