import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { REFUSALS } from '../core/refusals.ts'
import type { EngineEvents } from '../engine/events.ts'
import type { GateEvents } from '../gate/events.ts'
import type { HttpEvents } from '../http/events.ts'
import type { KeyEvents } from '../keys/events.ts'
import type { SessionEvents } from '../sessions/events.ts'
import type { BuildInfo } from './build-info.ts'
import { gateMetrics } from './gate-events.ts'
import { keyMetrics } from './key-events.ts'
import { METRICS, metricHead } from './metric-table.ts'
import type { MetricName, MetricRow } from './metric-table.ts'
import type { MetricsSnapshot } from './merged-metrics.ts'
import type { ClassOfNetwork } from './session-events.ts'
import { sessionMetrics } from './session-metrics.ts'
import { total, totalBy, totalByTwo } from './totals.ts'

/** How long a scrape waits for the storage, in milliseconds. */
const STORAGE_PATIENCE = 2_000

const FACES = ['plain', 'rufh', 'tus', 'range']

const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'])

/** What is asked only when somebody scrapes. */
export interface MetricSources {
  readonly build: BuildInfo
  /** Downloads that wait for an upload to finish, now. */
  waitingReaders(): number
  /** Sessions that there are now. */
  sessions(): number
  /** Bytes that the storage can still take. */
  freeBytes(): Promise<number>
  readonly classOfNetwork: ClassOfNetwork
}

export interface Metrics {
  readonly engineEvents: EngineEvents
  readonly httpEvents: HttpEvents
  readonly sessionEvents: SessionEvents
  readonly gateEvents: GateEvents
  readonly keyEvents: KeyEvents
  /** Counts a request by the way that it takes. */
  readonly laneTook: (lane: 'fast' | 'ordinary') => void
  /** Counts audit lines that could not be written. */
  auditLinesLost(lines: number): void
  /** Media type of {@link Metrics.text}. */
  readonly contentType: string
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>
  /** All metrics as {@link mergedMetrics} takes them, to be joined with those of other processes. */
  snapshot(): Promise<MetricsSnapshot>
}

/** Makes the metrics, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registerGauges(registry, sources)
  const lost = total(registry, 'hfs_audit_lines_lost_total')
  const byLane = totalBy(registry, 'hfs_http_lane_requests_total', ['fast', 'ordinary'])
  return {
    engineEvents: engineMetrics(registry),
    httpEvents: httpMetrics(registry),
    sessionEvents: sessionMetrics(registry, sources.classOfNetwork),
    gateEvents: gateMetrics(registry),
    keyEvents: keyMetrics(registry),
    laneTook(lane): void {
      byLane(lane).count += 1
    },
    auditLinesLost(lines) {
      lost.count += lines
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
  }
}

function engineMetrics(registry: Registry): EngineEvents {
  const opened = totalBy(registry, 'hfs_slots_opened_total')
  const uploads = totalByTwo(registry, 'hfs_uploads_total')
  const bytes = total(registry, 'hfs_upload_bytes_total')
  const durations = histogram(registry, 'hfs_upload_duration_seconds')
  const sizes = histogram(registry, 'hfs_upload_size_bytes')
  const recoveries = total(registry, 'hfs_recoveries_total')
  const adoptions = total(registry, 'hfs_adoptions_total')
  const resumes = totalBy(registry, 'hfs_resumes_total', FACES)
  const resumedBytes = totalBy(registry, 'hfs_resumed_bytes_total', FACES)
  const takeovers = totalByTwo(registry, 'hfs_takeovers_total')
  const repeats = totalBy(registry, 'hfs_repeats_total', ['same', 'different'])
  const removed = totalBy(registry, 'hfs_files_removed_total', ['expired', 'requested'])
  return {
    slotOpened({ scheme }) {
      opened(scheme).count += 1
    },
    recovered() {
      recoveries.count += 1
    },
    continued: () => undefined,
    adopted() {
      adoptions.count += 1
    },
    takenOver(_slot, { from, to, face }) {
      takeovers(face, from.network === to.network ? 'same' : 'changed').count += 1
    },
    takenElsewhere(_slot, { network, rivalNetwork, face }) {
      if (rivalNetwork === undefined) takeovers(face, 'unknown').count += 1
      else takeovers(face, rivalNetwork === network ? 'same' : 'changed').count += 1
    },
    resumed(_slot, { face, durable }) {
      resumes(face).count += 1
      resumedBytes(face).count += durable
    },
    interrupted(_slot, { face }) {
      uploads(face, 'interrupted').count += 1
    },
    published({ size }, { face }, seconds) {
      uploads(face, 'published').count += 1
      bytes.count += size
      durations.observe(seconds)
      sizes.observe(size)
    },
    repeated(_slot, outcome) {
      repeats(outcome).count += 1
    },
    fileRemoved(_slot, why) {
      removed(why).count += 1
    },
    abandoned(_slot, { face }) {
      uploads(face, 'abandoned').count += 1
    },
  }
}

function httpMetrics(registry: Registry): HttpEvents {
  const requests = totalByTwo(registry, 'hfs_http_requests_total')
  const refusals = totalBy(registry, 'hfs_refusals_total', Object.keys(REFUSALS))
  const expired = totalBy(registry, 'hfs_expired_grants_total')
  const failures = total(registry, 'hfs_failures_total')
  const reloads = totalBy(registry, 'hfs_certificate_reloads_total', ['used', 'refused'])
  return {
    finished({ method }, { status }) {
      requests(METHODS.has(method) ? method : 'other', status === 0 ? 'none' : status).count += 1
    },
    refused(_exchange, { code, facts }) {
      refusals(code).count += 1
      if (code === 'grant-expired') expired(String(facts['why'])).count += 1
    },
    failed() {
      failures.count += 1
    },
    certificateReloaded() {
      reloads('used').count += 1
    },
    certificateRefused() {
      reloads('refused').count += 1
    },
  }
}

function registerGauges(registry: Registry, sources: MetricSources): void {
  const { version, node, commit } = sources.build
  gauge(registry, 'hfs_build_info').set({ version, node, commit }, 1)
  gauge(registry, 'hfs_waiting_readers', (self) => self.set(sources.waitingReaders()))
  gauge(registry, 'hfs_sessions', (self) => self.set(sources.sessions()))
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

function gauge(
  registry: Registry,
  name: MetricName,
  collect?: (self: Gauge) => void | Promise<void>,
): Gauge {
  const made: Gauge = new Gauge({
    ...metricHead(registry, name),
    ...(collect === undefined ? {} : { collect: () => collect(made) }),
  })
  return made
}

function histogram(registry: Registry, name: MetricName): Histogram {
  const { buckets = [] }: MetricRow = METRICS[name]
  return new Histogram({ ...metricHead(registry, name), buckets: [...buckets] })
}
