import type { HttpLimits } from './limits.ts'

/** A body being received, as the watch sees it. */
export interface WatchedBody {
  /** Bytes received so far. */
  readonly received: number
  /** We do not read at the moment: what does not arrive is not the sender's fault. */
  readonly paused: boolean
  cut(): void
}

/** Cuts bodies that stand still or crawl; one coarse timer for all of them. */
export interface BodyWatch extends Disposable {
  add(body: WatchedBody): void
  remove(body: WatchedBody): void
}

/** Between two looks, in milliseconds: a body is cut at most this much late. */
export const WATCH_INTERVAL = 5_000

interface Record {
  idleTicks: number
  /** `received` at the last looks, a ring as long as the rate's window. */
  readonly samples: number[]
  looks: number
}

/**
 * Watches bodies by the limits' idle time and minimum rate. Time is counted in looks, not read
 * from a clock, so that a machine that was suspended or whose clock was set cuts nobody.
 */
export function bodyWatch(limits: HttpLimits): BodyWatch {
  // A record is made at the first look: most bodies are gone before it.
  const bodies = new Map<WatchedBody, Record | undefined>()
  const timer = setInterval(() => {
    for (const [body, known] of bodies) {
      const record = known ?? { idleTicks: 0, samples: [], looks: 0 }
      if (known === undefined) bodies.set(body, record)
      if (!body.paused && isTooSlow(record, body.received, limits)) body.cut()
    }
  }, WATCH_INTERVAL).unref()
  return {
    add: (body) => void bodies.set(body, undefined),
    remove: (body) => void bodies.delete(body),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

function isTooSlow(record: Record, received: number, limits: HttpLimits): boolean {
  const window = Math.ceil(limits.minimumRateWindow / WATCH_INTERVAL)
  const previous = record.looks === 0 ? -1 : record.samples[(record.looks - 1) % window]
  record.idleTicks = received === previous ? record.idleTicks + 1 : 0
  const oldest = record.samples[record.looks % window]
  record.samples[record.looks % window] = received
  record.looks += 1
  if (record.idleTicks * WATCH_INTERVAL >= limits.bodyIdle) return true
  return (
    oldest !== undefined &&
    received - oldest < (limits.minimumRate * limits.minimumRateWindow) / 1000
  )
}
