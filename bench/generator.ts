import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { BenchFailure } from './failure.ts'
import { GENERATOR_CORE } from './machine.ts'
import { programPath } from './packages.ts'

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

/** The compiled load generator. */
export interface Generator {
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

function parseReport(line: string): LoadReport {
  const report: unknown = JSON.parse(line)
  if (!isRecord(report) || !isRecord(report['st'])) {
    throw new BenchFailure(`The load generator reported ${line}`)
  }
  const statuses = report['st']
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

function commandLine(load: Load, targets: string): string[] {
  return [
    '-m',
    load.mode,
    '-H',
    `127.0.0.1:${load.port}`,
    '-T',
    targets,
    '-c',
    String(load.connections),
    '-n',
    String(load.requests),
    '-s',
    String(load.mode === 'get' ? 0 : load.size),
    load.mode === 'slow' ? '-D' : '-d',
    String(load.seconds),
  ]
}

/** Compiles the load generator into `folder`. Fails if there is no C compiler. */
export async function compileGenerator(folder: string): Promise<Generator> {
  const program = path.join(folder, 'xload')
  const run = promisify(execFile)
  await run(programPath('cc'), ['-O2', '-o', program, SOURCE, '-lpthread'])
  return {
    async run(load, signal) {
      const targets = path.join(folder, 'targets')
      writeFileSync(targets, `${load.targets.join('\n')}\n`)
      const pinned = ['-c', String(GENERATOR_CORE), program, ...commandLine(load, targets)]
      const { stdout } = await run(programPath('taskset'), pinned, { signal })
      return parseReport(stdout)
    },
  }
}
