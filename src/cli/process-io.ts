import { processEnvironment } from '../config/environment.ts'
import type { Io } from './io.ts'

/**
 * The exit code of a program whose reader left, as `head` does: what shells show of an end by SIGPIPE. It is no success,
 * for the work is not done, and what it found may be untold. An end by the signal itself is one to systemd.
 */
const READER_LEFT = 141

/** The streams, environment and signals of this process, which ends when its output cannot be written. */
export function processIo(): Io {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? READER_LEFT : 1)
  })
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: processEnvironment(),
    cwd: process.cwd(),
    isTerminal: process.stdout.isTTY,
    isWatched: process.stderr.isTTY,
    stopRequested,
    onReload,
  }
}

function stopRequested(): AbortSignal {
  const stop = new AbortController()
  // Only once: a second Ctrl-C ends the process at once, as everywhere.
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort())
  return stop.signal
}

function onReload(listener: () => void): Disposable {
  process.on('SIGHUP', listener)
  return { [Symbol.dispose]: () => void process.off('SIGHUP', listener) }
}
