import { processEnvironment } from '../config/environment.ts'
import type { Io } from './io.ts'

/** The streams, environment and signals of this process. */
export function processIo(): Io {
  // Whoever reads the output may have enough of it, as `head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
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
