import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'

/** The metrics of one process at one moment. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[]

/** The metrics of several processes as those of one server, in the Prometheus text format. */
export async function mergedMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return await AggregatorRegistry.aggregate([...snapshots]).metrics()
}

/**
 * What remains of the metrics of processes that ended: what they counted, so that no counter of
 * the server ever falls. What they measured is gone with them.
 */
export async function lastingMetrics(
  snapshots: readonly MetricsSnapshot[],
): Promise<MetricsSnapshot> {
  const lasting = snapshots.map((snapshot) =>
    snapshot.filter(({ type }) => ['counter', 'histogram'].includes(String(type))),
  )
  return await AggregatorRegistry.aggregate(lasting).getMetricsAsJSON()
}

/** Reads a snapshot that another process of this server wrote as JSON. */
export function parseSnapshot(text: string): MetricsSnapshot {
  const value: unknown = JSON.parse(text)
  if (!isSnapshot(value)) throw new TypeError('no metrics')
  return value
}

function isSnapshot(value: unknown): value is MetricsSnapshot {
  return Array.isArray(value) && value.every((metric: unknown) => isMetric(metric))
}

function isMetric(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && 'values' in value
}
