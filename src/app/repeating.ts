import type { Attempt } from './attempts.ts'

/** Something that is done again and again. */
export interface Repeated {
  /** Milliseconds from one time to the next. */
  readonly every: number
  /** Milliseconds until a time before those, 0 for at once; absent: there is none. */
  readonly first?: number
  /** `signal` aborts when it is the last time; what fails then is not told. */
  readonly work: (signal: AbortSignal) => Promise<void>
  /** What does the work, and is told if it fails: the next time comes nevertheless. */
  readonly attempt: Attempt
}

/**
 * Repeats works, one run at a time. A time that comes while the same work still waits or runs is passed over. Disposing
 * waits for the run under way, and none begins any more. The process need not stay for it.
 */
export function repeating(...works: readonly Repeated[]): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  let running = Promise.resolve()
  const timers = works.flatMap((repeated) => timersFor(repeated, inTurn(repeated)))
  for (const timer of timers) timer.unref()
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      // Clears both kinds.
      for (const timer of timers) clearInterval(timer)
      stop.abort()
      await running
    },
  }

  function inTurn({ work, attempt }: Repeated): () => void {
    let isDue = false
    const run = async (): Promise<void> => {
      if (signal.aborted) return
      await attempt(async () => await untilStopped(work, signal))
      isDue = false
    }
    return () => {
      if (isDue) return
      isDue = true
      running = running.then(run)
    }
  }
}

/** What fails because it was told to end is no failure. */
async function untilStopped(work: Repeated['work'], signal: AbortSignal): Promise<void> {
  try {
    await work(signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function timersFor({ every, first }: Repeated, run: () => void): readonly NodeJS.Timeout[] {
  const repeats = setInterval(run, every)
  if (first === undefined) return [repeats]
  if (first > 0) return [repeats, setTimeout(run, first)]
  run()
  return [repeats]
}
