import { cpus, release, totalmem } from 'node:os'
import { systemClock } from '../src/core/clock.ts'

/** Servers run here, and nothing else of ours does. */
export const SERVER_CORE = 0

/** The load generator's core: the second one, where there is one. */
export const GENERATOR_CORE = Math.min(1, cpus().length - 1)

/** What a reader has to know to compare the numbers with their own. */
export interface MachineFacts {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
}

export function machineFacts(): MachineFacts {
  const cores = cpus()
  return {
    date: new Date(systemClock()).toISOString(),
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  }
}

/** The facts as one line of prose. */
export function describeMachine(facts: MachineFacts): string {
  return `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB, Linux ${facts.kernel}, Node.js ${facts.node}, ${facts.date}`
}
