import { execFileSync } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { auditLines } from './audit-lines.ts'
import { type Amounts, type Plan, type Planner, warmUp } from './load-plans.ts'
import { fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import { GENERATOR_CORE } from './machine.ts'
import { programPath } from './packages.ts'
import { type OwnPeer, startOwnServer } from './peers/hmac-file-server.ts'
import { startAccounting } from './process-accounting.ts'
import { type Arrival, type Journey, isIntact, travel } from './resuming-client.ts'
import type { WorkFolder } from './work-folder.ts'

/** What a measurement of load needs. */
export interface LoadRun {
  readonly amounts: Amounts
  /** Decides where networks are lost, and what the files hold. */
  readonly seed: number
  readonly work: WorkFolder
  readonly signal: AbortSignal
}

/** What became of one kind of load. */
export interface PartResult {
  readonly name: string
  /** Of all files. */
  readonly bytes: number
  readonly uploads: number
  /** Uploads that ended in a file that reads back byte for byte. */
  readonly recovered: number
  readonly switches: number
  /** Switches of which the server's audit trail says what it had read, and the sum of that. */
  readonly judged: number
  readonly read: number
  /** Bytes that the server had read, and a client had to send again. */
  readonly sentAgain: number
  /** Bytes given to a connection that was lost before the server had read them. */
  readonly lostInFlight: number
  /** Per switch: from the first byte on the new connection until the offset was told. */
  readonly milliseconds: readonly number[]
  readonly effort: Effort
}

/** What the two sides of a part spent, to tell a slow server from a slow generator. */
export interface Effort {
  /** Shares of a core. */
  readonly server: number
  readonly generator: number
  /** How late the generator's timers were, in milliseconds, 99 of 100. */
  readonly generatorLate: number
}

/** Resolution of the timer whose lateness is measured, in milliseconds. */
const TIMER = 10

/** Keeps all threads of this process from the servers' core. */
export function leaveServersAlone(): void {
  const args = ['-acp', String(GENERATOR_CORE), String(process.pid)]
  execFileSync(programPath('taskset'), args, { stdio: 'ignore' })
}

/** Lets all clients upload, on a server of their own; reads back what they uploaded. */
export async function measurePart(name: string, plan: Planner, run: LoadRun): Promise<PartResult> {
  const folder = run.work.folder(name)
  const plans = plan(run.amounts, run.seed)
  const told = await loadServer(plans, { ...run, folder })
  // Only a server that has ended has written all of it.
  const readBytes = await readOf(folder, told.slots)
  const bytes = plans.reduce((sum, { body }) => sum + body.length, 0)
  return summarize({ name, bytes, ...told, readBytes })
}

interface Told {
  /** Fingerprints of the slots, as the audit trail names them. */
  readonly slots: ReadonlySet<string>
  readonly arrivals: readonly Arrival[]
  readonly recovered: number
  readonly effort: Effort
}

async function loadServer(
  plans: readonly Plan[],
  { folder, signal, amounts, seed }: LoadRun & { readonly folder: string },
): Promise<Told> {
  await using server = await startOwnServer({ folder, signal }, { fsync: 'ack' })
  await setOut(warmUp(amounts, seed), { server, signal, names: 'warm' })
  const stop = startEffort(server.pid)
  const { journeys, arrivals } = await setOut(plans, { server, signal, names: 'load' })
  const effort = stop()
  const slots = new Set(journeys.map(({ slot }) => fingerprintOf(parseSlotPath(slot))))
  return { slots, arrivals, effort, recovered: await countIntact(journeys, arrivals) }
}

/** A journey to a slot of its own. */
interface SlotJourney extends Journey {
  readonly slot: string
}

/** Lets every client begin when its plan says; resolves when all have arrived. */
async function setOut(
  plans: readonly Plan[],
  { server, signal, names }: { server: OwnPeer; signal: AbortSignal; names: string },
): Promise<{ journeys: readonly SlotJourney[]; arrivals: readonly Arrival[] }> {
  const journeys = plans.map((plan, number) => {
    const slot = `${names}/${number}.bin`
    const target = server.sign(slot, plan.body.length)
    return { ...plan, slot, target, port: server.port, signal }
  })
  const arrivals = journeys.map(async (journey) => {
    await delay(journey.startsAfter, undefined, { signal })
    return await travel(journey)
  })
  return { journeys, arrivals: await Promise.all(arrivals) }
}

function startEffort(server: number): () => Effort {
  const late = monitorEventLoopDelay({ resolution: TIMER })
  const before = process.cpuUsage()
  const stop = startAccounting(server)
  late.enable()
  return () => {
    const { user, system } = process.cpuUsage(before)
    const { cpuSeconds, wallSeconds } = stop()
    late.disable()
    return {
      server: cpuSeconds / wallSeconds,
      generator: (user + system) / 1e6 / wallSeconds,
      generatorLate: Math.max(0, late.percentile(99) / 1e6 - TIMER),
    }
  }
}

async function countIntact(
  journeys: readonly Journey[],
  arrivals: readonly Arrival[],
): Promise<number> {
  let intact = 0
  for (const [number, journey] of journeys.entries()) {
    if (arrivals[number]?.isComplete === true && (await isIntact(journey))) intact += 1
  }
  return intact
}

interface ReadBytes {
  /** Interruptions after which the upload went on above byte 0. */
  readonly judged: number
  readonly read: number
  readonly resumed: number
}

/** What the server had read at the interruptions, and where it went on, summed up from its audit trail. */
async function readOf(folder: string, slots: ReadonlySet<string>): Promise<ReadBytes> {
  const sums = { judged: 0, read: 0, resumed: 0 }
  const last = new Map<string, number>()
  for (const { event, slot, kept } of await auditLines(folder)) {
    if (!slots.has(slot)) continue
    if (event === 'interrupted') last.set(slot, kept)
    if (event !== 'resumed') continue
    const read = last.get(slot)
    if (read === undefined) continue
    sums.judged += 1
    sums.read += read
    sums.resumed += Math.min(read, kept)
    last.delete(slot)
  }
  return sums
}

function summarize({
  name,
  bytes,
  arrivals,
  recovered,
  effort,
  readBytes,
}: Told & { name: string; bytes: number; readBytes: ReadBytes }): PartResult {
  const switches = arrivals.flatMap((arrival) => arrival.switches)
  return {
    name,
    bytes,
    recovered,
    effort,
    uploads: arrivals.length,
    switches: switches.length,
    judged: readBytes.judged,
    read: readBytes.read,
    sentAgain: readBytes.read - readBytes.resumed,
    lostInFlight: switches.reduce((sum, { sent, offset }) => sum + Math.max(0, sent - offset), 0),
    milliseconds: switches.map(({ milliseconds }) => milliseconds),
  }
}
