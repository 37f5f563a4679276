import { type Passing, passingSet } from '../core/passing-set.ts'
import type { HttpLimits } from './limits.ts'

/** A body being received, as the watch sees it. */
export interface WatchedBody extends Passing {
  /** Bytes received so far. */
  readonly received: number
  /** We do not read at the moment: what does not arrive is not the sender's fault. */
  readonly paused: boolean
  /** What the watch saw of it; nothing before its first look. Nobody else's business. */
  looks: Looks | undefined
  cut(): void
}

/** What was seen of a body. */
export interface Looks {
  idleTicks: number
  /** `received` at the last looks, a ring as long as the rate's window. */
  readonly samples: number[]
  count: number
}

/** Cuts bodies that stand still or crawl; one coarse timer for all of them. */
export interface BodyWatch extends Disposable {
  add(body: WatchedBody): void
  remove(body: WatchedBody): void
}

/** Between two looks, in milliseconds: a body is cut at most this much late. */
export const WATCH_INTERVAL = 5_000

/**
 * Watches bodies by the limits' idle time and minimum rate. Time is counted in looks, not read
 * from a clock, so that a machine that was suspended or whose clock was set cuts nobody.
 */
export function bodyWatch(limits: HttpLimits): BodyWatch {
  const bodies = passingSet<WatchedBody>()
  const timer = setInterval(() => {
    for (const body of bodies.all()) {
      if (!bodies.has(body)) continue
      // Made at the first look: most bodies are gone before it.
      const looks = (body.looks ??= { idleTicks: 0, samples: [], count: 0 })
      if (!body.paused && isTooSlow(looks, body.received, limits)) body.cut()
    }
  }, WATCH_INTERVAL).unref()
  return {
    add: (body) => bodies.add(body),
    remove: (body) => void bodies.delete(body),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

function isTooSlow(looks: Looks, received: number, limits: HttpLimits): boolean {
  const window = Math.ceil(limits.minimumRateWindow / WATCH_INTERVAL)
  const previous = looks.count === 0 ? -1 : looks.samples[(looks.count - 1) % window]
  looks.idleTicks = received === previous ? looks.idleTicks + 1 : 0
  const oldest = looks.samples[looks.count % window]
  looks.samples[looks.count % window] = received
  looks.count += 1
  if (looks.idleTicks * WATCH_INTERVAL >= limits.bodyIdle) return true
  return (
    oldest !== undefined &&
    received - oldest < (limits.minimumRate * limits.minimumRateWindow) / 1000
  )
}
