import {
  type MetricsSnapshot,
  lastingMetrics,
  mergedMetrics,
  parseSnapshot,
} from '../../observe/merged-metrics.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { Channel } from '../../stores/workers/channel.ts'

/** How long a scrape waits for a worker, in milliseconds; then it shows what the worker said last. */
const PATIENCE = 1_000

/** The metrics of a server whose work several processes do. */
export interface TeamMetrics extends Pick<Metrics, 'contentType' | 'text'> {
  /** Includes the worker at the other end; what it counted stays when it ends. */
  readonly include: (channel: Channel) => Disposable
}

/** Adds up what the workers counted, and the primary with `own`. */
export function teamMetrics(own: Pick<Metrics, 'contentType' | 'snapshot'>): TeamMetrics {
  const latest = new Map<Channel, MetricsSnapshot>()
  const waiting = new Map<Channel, () => void>()
  let past: MetricsSnapshot = []
  let ended: MetricsSnapshot[] = []
  let scrape: Promise<string> | undefined

  async function ask(channel: Channel): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.set(channel, resolve)
    channel.send({ word: 'metrics?', id: 0, text: '' })
    await promise
  }

  return {
    contentType: own.contentType,
    include(channel) {
      latest.set(channel, [])
      const listening = channel.listen(({ word, text }) => {
        if (word !== 'metrics') return
        latest.set(channel, parseSnapshot(text))
        waiting.get(channel)?.()
      })
      return {
        [Symbol.dispose]() {
          listening[Symbol.dispose]()
          waiting.get(channel)?.()
          waiting.delete(channel)
          ended.push(latest.get(channel) ?? [])
          latest.delete(channel)
        },
      }
    },
    text: async () => {
      // Whoever asks meanwhile gets the same answer: each worker is asked once at a time.
      scrape ??= collected()
      try {
        return await scrape
      } finally {
        scrape = undefined
      }
    },
  }

  async function collected(): Promise<string> {
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, PATIENCE)
    await Promise.race([Promise.all([...latest.keys()].map(ask)), patience])
    clearTimeout(timer)
    const gone = ended
    ended = []
    if (gone.length > 0) past = await lastingMetrics([past, ...gone])
    // The first tells what is common to all of them.
    return await mergedMetrics([await own.snapshot(), past, ...latest.values()])
  }
}
