import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { REFUSALS } from '../core/refusals.ts'
import type { EngineEvents } from '../engine/events.ts'
import type { HttpEvents } from '../http/events.ts'
import type { BuildInfo } from './build-info.ts'
import { METRICS } from './metric-table.ts'
import type { MetricName, MetricRow } from './metric-table.ts'

/** How long a scrape waits for the storage, in milliseconds. */
const STORAGE_PATIENCE = 2_000

const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'])

/** What is asked only when somebody scrapes. */
export interface MetricSources {
  readonly build: BuildInfo
  /** Downloads that wait for an upload to finish, now. */
  waitingReaders(): number
  /** Bytes that the storage can still take. */
  freeBytes(): Promise<number>
}

export interface Metrics {
  readonly engineEvents: EngineEvents
  readonly httpEvents: HttpEvents
  /** Counts audit lines that could not be written. */
  auditLinesLost(lines: number): void
  /** Media type of {@link Metrics.text}. */
  readonly contentType: string
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>
}

/** Makes the metrics, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registerGauges(registry, sources)
  const lost = counter(registry, 'hfs_audit_lines_lost_total')
  return {
    engineEvents: engineMetrics(registry),
    httpEvents: httpMetrics(registry),
    auditLinesLost: (lines) => lost.inc(lines),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}

function engineMetrics(registry: Registry): EngineEvents {
  const opened = byValue(counter(registry, 'hfs_slots_opened_total'))
  const uploads = byValues(counter(registry, 'hfs_uploads_total'))
  const bytes = counter(registry, 'hfs_upload_bytes_total')
  const durations = histogram(registry, 'hfs_upload_duration_seconds')
  const sizes = histogram(registry, 'hfs_upload_size_bytes')
  const takeovers = byValue(counter(registry, 'hfs_takeovers_total'), ['same', 'changed'])
  const repeats = byValue(counter(registry, 'hfs_repeats_total'), ['same', 'different'])
  const removed = byValue(counter(registry, 'hfs_files_removed_total'), ['expired', 'requested'])
  return {
    slotOpened: ({ scheme }) => opened(scheme).inc(),
    takenOver: (_slot, { from, to }) =>
      takeovers(from.network === to.network ? 'same' : 'changed').inc(),
    interrupted: (_slot, { face }) => uploads(face, 'interrupted').inc(),
    published({ size }, { face }, seconds) {
      uploads(face, 'published').inc()
      bytes.inc(size)
      durations.observe(seconds)
      sizes.observe(size)
    },
    repeated: (_slot, outcome) => repeats(outcome).inc(),
    fileRemoved: (_slot, why) => removed(why).inc(),
    abandoned: (_slot, { face }) => uploads(face, 'abandoned').inc(),
  }
}

function httpMetrics(registry: Registry): HttpEvents {
  const requests = byValues(counter(registry, 'hfs_http_requests_total'))
  const refusals = byValue(counter(registry, 'hfs_refusals_total'), Object.keys(REFUSALS))
  const failures = counter(registry, 'hfs_failures_total')
  const reloads = byValue(counter(registry, 'hfs_certificate_reloads_total'), ['used', 'refused'])
  return {
    finished({ method }, { status }) {
      requests(METHODS.has(method) ? method : 'other', status === 0 ? 'none' : status).inc()
    },
    refused: (_exchange, { code }) => refusals(code).inc(),
    failed: () => failures.inc(),
    certificateReloaded: () => reloads('used').inc(),
    certificateRefused: () => reloads('refused').inc(),
  }
}

function registerGauges(registry: Registry, sources: MetricSources): void {
  const { version, node, commit } = sources.build
  gauge(registry, 'hfs_build_info').set({ version, node, commit }, 1)
  gauge(registry, 'hfs_waiting_readers', (self) => self.set(sources.waitingReaders()))
  gauge(registry, 'hfs_disk_free_bytes', async (self) => self.set(await freeOrNaN(sources)))
}

/** A storage that fails or hangs must not take the other metrics along: they tell why. */
async function freeOrNaN(sources: MetricSources): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const signal = AbortSignal.timeout(STORAGE_PATIENCE)
  signal.addEventListener('abort', () => resolve(Number.NaN), { once: true })
  const free = sources.freeBytes().catch(() => Number.NaN)
  return await Promise.race([free, promise])
}

function counter(registry: Registry, name: MetricName): Counter {
  return new Counter({ ...common(registry, name) })
}

function gauge(
  registry: Registry,
  name: MetricName,
  collect?: (self: Gauge) => void | Promise<void>,
): Gauge {
  const made: Gauge = new Gauge({
    ...common(registry, name),
    ...(collect === undefined ? {} : { collect: () => collect(made) }),
  })
  return made
}

function histogram(registry: Registry, name: MetricName): Histogram {
  const { buckets = [] }: MetricRow = METRICS[name]
  return new Histogram({ ...common(registry, name), buckets: [...buckets] })
}

function common(
  registry: Registry,
  name: MetricName,
): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
  const { help, labels = {} }: MetricRow = METRICS[name]
  return { name, help, labelNames: Object.keys(labels), registers: [registry] }
}

type Child = Counter.Internal

/** A counter's children by the value of its only label, each resolved once; those of `known` start at 0. */
function byValue(parent: Counter, known: readonly string[] = []): (value: string) => Child {
  const child = memoized((value: string) => parent.labels(value))
  for (const value of known) child(value).inc(0)
  return child
}

/** A counter's children by the values of its two labels, each resolved once. */
function byValues(parent: Counter): (first: string, second: string | number) => Child {
  const rest = memoized((first: string) =>
    memoized((second: string | number) => parent.labels(first, String(second))),
  )
  return (first, second) => rest(first)(second)
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
