import { ACCELERATED, OURS } from './server-names.ts'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

/** One kind of load, as the generator is told to make it. */
export interface Workload {
  readonly name: string
  readonly title: string
  readonly method: 'PUT' | 'GET'
  readonly connections: number
  /** Requests of one run; a run may end earlier, see `seconds`. */
  readonly requests: number
  /** Bytes of one file. */
  readonly size: number
  /** Files that a GET load reads in turn; a PUT load writes a new one each time. */
  readonly files: number
  /** Requests sent to each server before the first round, which no figure counts. */
  readonly warmUp: number
  /** No request starts later than this many seconds into a run. */
  readonly seconds: number
  /** What the server is compared by. */
  readonly unit: 'MB/s' | 'req/s'
  /** The rates this release has to reach, as shares of others'. */
  readonly demands: readonly RateDemand[]
}

/** A share of a peer's rate; the best peer is the fastest one that is not nginx. */
interface RateDemand {
  /** The server that has to reach it. */
  readonly of: string
  readonly against: 'nginx' | 'best peer'
  readonly ratio: number
}

function shares(nginx: number, bestPeer: number, of = OURS): RateDemand[] {
  return [
    { of, against: 'nginx', ratio: nginx },
    { of, against: 'best peer', ratio: bestPeer },
  ]
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'W1',
    title: 'PUT 1 GiB, 1 connection',
    method: 'PUT',
    connections: 1,
    requests: 1,
    size: GIB,
    files: 0,
    warmUp: 1,
    seconds: 90,
    unit: 'MB/s',
    demands: shares(0.9, 2),
  },
  {
    name: 'W2',
    title: 'PUT 64 KiB, 64 connections',
    method: 'PUT',
    connections: 64,
    requests: 6000,
    size: 64 * KIB,
    files: 0,
    warmUp: 24_000,
    seconds: 2,
    unit: 'req/s',
    demands: shares(0.8, 1.05),
  },
  {
    name: 'W3',
    title: 'PUT 5 MiB, 16 connections',
    method: 'PUT',
    connections: 16,
    requests: 100,
    size: 5 * MIB,
    files: 0,
    warmUp: 100,
    seconds: 4,
    unit: 'MB/s',
    demands: shares(0.9, 1.4),
  },
  {
    name: 'W4',
    title: 'GET 1 GiB, 1 connection',
    method: 'GET',
    connections: 1,
    requests: 1,
    size: GIB,
    files: 1,
    warmUp: 1,
    seconds: 60,
    unit: 'MB/s',
    demands: [...shares(0.75, 0.65), ...shares(0.95, 0.95, ACCELERATED)],
  },
  {
    name: 'W5',
    title: 'GET 64 KiB, 64 connections, 16 files',
    method: 'GET',
    connections: 64,
    requests: 30_000,
    size: 64 * KIB,
    files: 16,
    warmUp: 60_000,
    seconds: 2,
    unit: 'req/s',
    demands: shares(0.6, 1.15),
  },
]

/** The same load, small enough to check the mechanics in a second; its numbers mean nothing. */
export function quickForm(workload: Workload): Workload {
  return {
    ...workload,
    requests: Math.ceil(workload.requests / 10),
    warmUp: Math.ceil(workload.warmUp / 10),
    size: Math.min(workload.size, 64 * MIB),
  }
}
