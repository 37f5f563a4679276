import type { SpeedRun } from '../../bench/speed.ts'

/** What a test says of a run; all else is of no interest. */
interface Told {
  readonly round?: number
  readonly rejected?: boolean
  readonly requestsPerSecond?: number
  readonly megabytesPerSecond?: number
  readonly cpuSeconds?: number
}

/** A run of W4: one request, in one second. */
export function speedRun(server: string, told: Told): SpeedRun {
  const { round = 0, rejected = false, cpuSeconds = 1 } = told
  const { requestsPerSecond = 1, megabytesPerSecond = 1 } = told
  const times = { p50: 1, p99: 1, max: 1, cpuSeconds: 0 }
  return {
    workload: 'W4',
    server,
    round,
    size: 1,
    attempt: 1,
    rejected,
    foreignPercent: 0,
    usage: { cpuSeconds, otherCpuSeconds: 0, peakRssMiB: 1, wallSeconds: 1 },
    report: {
      ...times,
      ok: 1,
      errors: 0,
      seconds: 1,
      requestsPerSecond,
      megabytesPerSecond,
      statuses: { 200: 1 },
    },
  }
}
