import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { BenchFailure } from './failure.ts'
import { GENERATOR_CORE } from './machine.ts'
import { programPath } from './packages.ts'
import type { Comeback } from './peers/peer.ts'

const SOURCE = path.join(import.meta.dirname, 'loadgen/xload.c')

/** What the generator is to do. */
export interface Load {
  /** `slow` sends `requests` uploads at once, each trickled over `seconds`. */
  readonly mode: 'put' | 'get' | 'slow'
  readonly port: number
  readonly connections: number
  readonly requests: number
  readonly size: number
  /** No request starts later than this; with `slow` the time one upload takes. */
  readonly seconds: number
  /** One request a line: `METHOD PATH`, then a tab and header lines between bars. */
  readonly targets: readonly string[]
}

/** Uploads that are cut at a random byte, half by FIN and half by RST, and then go on. */
export interface CutLoad extends Omit<Load, 'mode' | 'seconds'> {
  readonly comeback: Comeback
  /** Decides where each is cut. */
  readonly seed: number
}

/** What the generator saw; times of requests in milliseconds (`slow`: from last byte to answer). */
export interface LoadReport {
  readonly ok: number
  readonly errors: number
  readonly seconds: number
  readonly requestsPerSecond: number
  /** Millions of bytes per second, heads included. */
  readonly megabytesPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly cpuSeconds: number
  /** How often each status came; 0 stands for no answer. */
  readonly statuses: Readonly<Record<string, number>>
}

/** Bytes of uploads that were cut the same way. */
export interface CutBytes {
  /** Sent before the cuts. */
  readonly sent: number
  /** Sent again of those. */
  readonly again: number
}

/** What the generator saw of uploads that were cut; an upload is a success if it was complete at last. */
export interface CutReport extends LoadReport {
  readonly fin: CutBytes
  readonly rst: CutBytes
  /** Requests beside the one before the cut and the first one after it. */
  readonly extraRequests: number
}

/** The compiled load generator. */
export interface Generator {
  cut(load: CutLoad, signal: AbortSignal): Promise<CutReport>
  run(load: Load, signal: AbortSignal): Promise<LoadReport>
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function numberIn(record: Record<string, unknown>, key: string): number {
  const value = record[key]
  if (typeof value !== 'number') throw new BenchFailure(`The load generator reported no ${key}.`)
  return value
}

interface RawReport extends Record<string, unknown> {
  readonly st: Record<string, unknown>
}

function parseLine(line: string): RawReport {
  const report: unknown = JSON.parse(line)
  if (!isRecord(report) || !isRecord(report['st'])) {
    throw new BenchFailure(`The load generator reported ${line}`)
  }
  return { ...report, st: report['st'] }
}

function loadReport(report: RawReport): LoadReport {
  const { st: statuses } = report
  return {
    ok: numberIn(report, 'ok'),
    errors: numberIn(report, 'err'),
    seconds: numberIn(report, 'secs'),
    requestsPerSecond: numberIn(report, 'rps'),
    megabytesPerSecond: numberIn(report, 'MBps'),
    p50: numberIn(report, 'p50'),
    p99: numberIn(report, 'p99'),
    max: numberIn(report, 'max'),
    cpuSeconds: numberIn(report, 'gen_cpu'),
    statuses: Object.fromEntries(
      Object.keys(statuses).map((status) => [status, numberIn(statuses, status)]),
    ),
  }
}

function cutReport(report: RawReport): CutReport {
  const bytes = (manner: 'fin' | 'rst'): CutBytes => ({
    sent: numberIn(report, `${manner}_sent`),
    again: numberIn(report, `${manner}_again`),
  })
  const extraRequests = numberIn(report, 'extra_req')
  return { ...loadReport(report), fin: bytes('fin'), rst: bytes('rst'), extraRequests }
}

type Amounts = Pick<Load, 'port' | 'connections' | 'requests'>

function amountsOf({ port, connections, requests }: Amounts): string[] {
  return ['-H', `127.0.0.1:${port}`, '-c', String(connections), '-n', String(requests)]
}

function loadOptions(load: Load): string[] {
  const size = load.mode === 'get' ? 0 : load.size
  const time = load.mode === 'slow' ? '-D' : '-d'
  return ['-m', load.mode, ...amountsOf(load), '-s', String(size), time, String(load.seconds)]
}

function cutOptions(load: CutLoad): string[] {
  const amounts = [...amountsOf(load), '-s', String(load.size)]
  return ['-m', 'cut', ...amounts, '-r', load.comeback, '-S', String(load.seed)]
}

/** Compiles the load generator into `folder`. Fails if there is no C compiler. */
export async function compileGenerator(folder: string): Promise<Generator> {
  const program = path.join(folder, 'xload')
  const run = promisify(execFile)
  await run(programPath('cc'), ['-O2', '-o', program, SOURCE, '-lpthread'])
  const execute = async (
    { targets, options }: { targets: readonly string[]; options: readonly string[] },
    signal: AbortSignal,
  ): Promise<RawReport> => {
    const file = path.join(folder, 'targets')
    writeFileSync(file, `${targets.join('\n')}\n`)
    const pinned = ['-c', String(GENERATOR_CORE), program, '-T', file, ...options]
    const { stdout } = await run(programPath('taskset'), pinned, { signal })
    return parseLine(stdout)
  }
  return {
    run: async (load, signal) =>
      loadReport(await execute({ targets: load.targets, options: loadOptions(load) }, signal)),
    cut: async (load, signal) =>
      cutReport(await execute({ targets: load.targets, options: cutOptions(load) }, signal)),
  }
}
