/** What a contender is told: its question was heard, the lease is its own, or somebody newer came. */
export type News = 'heard' | 'given' | 'superseded'

/** News for one contender, in the order in which they came. */
export interface Mailbox {
  put(news: News): void
  /** The next news, or `silence` after so many milliseconds. Aborting `signal` rejects with its reason. */
  next(milliseconds: number, signal: AbortSignal): Promise<News | 'silence'>
}

export function mailbox(): Mailbox {
  const unread: News[] = []
  let wake: (() => void) | undefined
  return {
    put(news) {
      unread.push(news)
      wake?.()
    },
    async next(milliseconds, signal) {
      signal.throwIfAborted()
      if (unread.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const wakeUp = (): void => resolve()
        wake = wakeUp
        const timer = setTimeout(wakeUp, milliseconds)
        signal.addEventListener('abort', wakeUp, { once: true })
        await promise
        clearTimeout(timer)
        signal.removeEventListener('abort', wakeUp)
        signal.throwIfAborted()
      }
      return unread.shift() ?? 'silence'
    },
  }
}
