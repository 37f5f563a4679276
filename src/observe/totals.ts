import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import { metricHead } from './metric-table.ts'
import type { MetricName } from './metric-table.ts'

/** A number that only grows: counting costs an addition, and who scrapes is told the sum. */
export interface Total {
  count: number
}

/** The total of a counter without labels. */
export function total(registry: Registry, name: MetricName): Total {
  return series(registry, name)([])
}

/** The totals of a counter by the value of its only label; those of `known` are there from the start. */
export function totalBy(
  registry: Registry,
  name: MetricName,
  known: readonly string[] = [],
): (value: string) => Total {
  const add = series(registry, name)
  const totals = memoized((value: string) => add([value]))
  for (const value of known) totals(value)
  return totals
}

/** The totals of a counter by the values of its two labels. */
export function totalByTwo(
  registry: Registry,
  name: MetricName,
): (first: string, second: string | number) => Total {
  const add = series(registry, name)
  const rest = memoized((first: string) =>
    memoized((second: string | number) => add([first, String(second)])),
  )
  return (first, second) => rest(first)(second)
}

/** Registers a counter; the function returned adds a series to it. */
function series(registry: Registry, name: MetricName): (values: readonly string[]) => Total {
  const all: [labels: Record<string, string>, total: Total][] = []
  const { labelNames, ...head } = metricHead(registry, name)
  const counter: Counter = new Counter({
    ...head,
    labelNames,
    collect() {
      counter.reset()
      for (const [labels, { count }] of all) counter.inc(labels, count)
    },
  })
  return (values) => {
    const fresh = { count: 0 }
    all.push([Object.fromEntries(labelNames.map((label, at) => [label, values[at] ?? ''])), fresh])
    return fresh
  }
}

function memoized<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(key)
    made.set(key, fresh)
    return fresh
  }
}
