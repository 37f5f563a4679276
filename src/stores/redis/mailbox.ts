import { setTimeout as pause } from 'node:timers/promises'

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
  let come = Promise.withResolvers<void>()
  return {
    put(news) {
      unread.push(news)
      come.resolve()
    },
    async next(milliseconds, signal) {
      if (unread.length === 0) {
        using over = endable(signal)
        const silence = pause(milliseconds, undefined, { signal: over.signal })
        await Promise.race([come.promise, silence.catch(() => signal.throwIfAborted())])
      }
      const news = unread.shift() ?? 'silence'
      if (unread.length === 0) come = Promise.withResolvers()
      return news
    },
  }
}

/** A signal that aborts with another one, or when it is disposed of. */
function endable(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const end = new AbortController()
  return {
    signal: AbortSignal.any([signal, end.signal]),
    [Symbol.dispose]: () => end.abort(),
  }
}
