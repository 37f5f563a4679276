import { type LoadRun, leaveServersAlone, measurePart } from './load-parts.ts'
import { interrupted, simultaneous, switching } from './load-plans.ts'
import type { LoadResult } from './load-report.ts'
import { machineFacts } from './machine.ts'
import { measureSessionMemory } from './sessions.ts'
import { measureStored } from './stored-sessions.ts'
import { measureTus } from './takeover-tus.ts'

/** Makes all measurements of the load, one after the other, and names each as it begins. Fails if a server does not do its part. */
export async function measureLoad(
  run: LoadRun,
  begins: (name: string) => void,
): Promise<LoadResult> {
  const { amounts, seed, work, signal } = run
  const step = async <Result>(name: string, measure: () => Promise<Result>): Promise<Result> => {
    begins(name)
    return await measure()
  }
  const tus = { seed, work, signal }
  const memory = await step('memory of sessions', measureSessionMemory)
  leaveServersAlone()
  const parts = []
  for (const plan of [simultaneous, switching, interrupted]) {
    parts.push(await step(plan.name, async () => await measurePart(plan.name, plan, run)))
  }
  const byTus = []
  for (const [name, rounds] of [
    ['hmac-file-server', amounts.tus],
    ['@tus/server', amounts.tusPeer],
  ] as const) {
    byTus.push(await step(`tus: ${name}`, async () => await measureTus(name, { ...tus, rounds })))
  }
  const stored = []
  for (const backend of ['sqlite', 'redis'] as const) {
    const options = { ...amounts, work, signal }
    const measure = async () => await measureStored(backend, options)
    stored.push(await step(`stored sessions: ${backend}`, measure))
  }
  return { machine: machineFacts(), seed, amounts, memory, parts, tus: byTus, stored }
}
