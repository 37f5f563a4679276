import type { Io } from './io.ts'

/**
 * Does work that the user may stop. Resolves to nothing if that ended it, which is no bug and needs no stack: `stopped`
 * is told instead. Whatever else ends the work rejects, even after a stop: somebody has to learn of it.
 */
export async function unlessStopped<T>(
  { stopRequested, stderr }: Pick<Io, 'stopRequested' | 'stderr'>,
  stopped: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const signal = stopRequested()
  try {
    return await work(signal)
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error
    stderr.write(`${stopped}\n`)
    return undefined
  }
}
