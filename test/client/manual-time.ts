import type { TimeAndChance } from '../../src/client/time-and-chance.ts'

/** Time that passes when it is told to. */
export interface ManualTime extends TimeAndChance {
  /** Lets milliseconds pass, and calls back what is due, in order. */
  readonly pass: (milliseconds: number) => void
}

interface Alarm {
  readonly at: number
  readonly callback: () => void
}

export function manualTime(): ManualTime {
  const alarms = new Set<Alarm>()
  let now = 0
  return {
    now: () => now,
    random: () => 0.5,
    after(milliseconds, callback) {
      const alarm = { at: now + milliseconds, callback }
      alarms.add(alarm)
      return () => alarms.delete(alarm)
    },
    pass(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const next = [...alarms].toSorted((a, b) => a.at - b.at).find(({ at }) => at <= end)
        if (!next) break
        alarms.delete(next)
        now = next.at
        next.callback()
      }
      now = end
    },
  }
}

/** Time in which every wait is over at once; `waits` are their lengths in milliseconds. */
export function hurriedTime(): TimeAndChance & { readonly waits: number[] } {
  const waits: number[] = []
  return {
    waits,
    now: () => 0,
    random: () => 1,
    after(milliseconds, callback) {
      const timer = setImmediate(() => {
        waits.push(milliseconds)
        callback()
      })
      return () => clearImmediate(timer)
    },
  }
}
