/** Lets so many go on at a time; the others wait for their turn, first come, first served. */
export interface Turns {
  /** Resolves when it is the caller's turn, which ends with the disposal. Rejects with the signal's reason. */
  readonly take: (signal: AbortSignal) => Promise<Disposable>
}

/** Browsers have six connections to a host; whoever waits for one looks dead. */
export function turns(most: number): Turns {
  const waiting = new Set<() => void>()
  let taken = 0

  function give(): void {
    const [next] = waiting
    if (next === undefined) taken -= 1
    else {
      waiting.delete(next)
      next()
    }
  }

  async function wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = (): void => {
      if (waiting.delete(resolve)) reject(signal.reason)
    }
    waiting.add(resolve)
    signal.addEventListener('abort', leave, { once: true })
    await promise
  }

  return {
    async take(signal) {
      signal.throwIfAborted()
      if (taken < most) taken += 1
      else await wait(signal)
      return { [Symbol.dispose]: give }
    },
  }
}
