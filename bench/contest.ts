import { compileGenerator, type Generator, type Load, type LoadReport } from './generator.ts'
import type { Program } from './packages.ts'
import { startBareNode } from './peers/bare-node.ts'
import { startEjabberd } from './peers/ejabberd.ts'
import { startFronted } from './peers/fronted.ts'
import { startOwnServer } from './peers/hmac-file-server.ts'
import { startNginx } from './peers/nginx.ts'
import type { PeerSurroundings, RunningPeer } from './peers/peer.ts'
import { startProsody } from './peers/prosody.ts'
import { startTus } from './peers/tus.ts'
import { startAccounting, type Usage } from './process-accounting.ts'
import { ACCELERATED, FLOOR } from './server-names.ts'
import { openWorkFolder, type WorkFolder } from './work-folder.ts'

/** Starts a server for a contest. */
export type PeerStarter = (around: PeerSurroundings) => Promise<RunningPeer>

/** The servers that can be compared, and how each starts. */
export const PEERS = {
  'hmac-file-server': async (around) => await startOwnServer(around, { fsync: 'never' }),
  'hmac-file-server-sha256': async (around) =>
    await startOwnServer(around, { fsync: 'never', fields: ['Want-Repr-Digest: sha-256=9'] }),
  nginx: async (around) => await startNginx(around),
  prosody: startProsody,
  ejabberd: startEjabberd,
  tus: startTus,
  [ACCELERATED]: async (around) =>
    await startFronted(around, { isSendingFiles: true, only: ['W4'] }),
  [FLOOR]: startBareNode,
} as const satisfies Readonly<Record<string, PeerStarter>>

export type PeerName = keyof typeof PEERS

/** The program of a server, where it comes from a Debian package. */
export const PROGRAM_OF: Readonly<Partial<Record<PeerName, Program>>> = {
  nginx: 'nginx',
  prosody: 'prosody',
  ejabberd: 'ejabberdctl',
  [ACCELERATED]: 'nginx',
}

/** A server under the name that its figures stand under. */
export interface Contestant {
  readonly name: string
  readonly peer: RunningPeer
}

export interface ContestOptions {
  readonly servers: Readonly<Record<string, PeerStarter>>
  /** Small loads that only show that everything works. */
  readonly quick: boolean
  /** Foreign CPU, in percent of one core, above which a run is made again. */
  readonly noiseLimit: number
  /** Folder on the disk under test. */
  readonly workFolder: string
  readonly signal: AbortSignal
  /** Processors that every server may use, as taskset lists them; absent: the servers' one. */
  readonly cores?: string
}

/** Servers that are all up at once, and what loads them; one without load sleeps. Disposing stops them. */
export interface Contest extends AsyncDisposable {
  readonly contestants: readonly Contestant[]
  readonly generator: Generator
  readonly work: WorkFolder
  readonly options: Pick<ContestOptions, 'quick' | 'noiseLimit' | 'signal'>
}

/** The servers of a contest that a load is made for. */
export function contestantsFor({ contestants }: Contest, load: string): Contestant[] {
  return contestants.filter(({ peer }) => peer.only?.includes(load) ?? true)
}

/** What one run of a load came to. */
export interface Measured<Report extends LoadReport = LoadReport> {
  readonly report: Report
  readonly usage: Usage
  /** CPU of all that is neither server, generator nor kernel thread, in percent of one core. */
  readonly foreignPercent: number
}

/** A run of which it is known whether it counts. */
export interface Attempt {
  readonly attempt: number
  /** Too much foreign CPU, so made again; not part of any figure. */
  readonly rejected: boolean
}

const ATTEMPTS = 4

/** Compiles the generator and starts the servers. Fails if one does not start. */
export async function openContest(options: ContestOptions): Promise<Contest> {
  const { signal, cores } = options
  await using opening = new AsyncDisposableStack()
  const work = opening.use(await openWorkFolder(options.workFolder))
  const generator = await compileGenerator(work.path)
  const contestants: Contestant[] = []
  for (const [name, start] of Object.entries(options.servers)) {
    // A name may hold what a configuration file would have to quote.
    const folder = work.folder(name.replaceAll(/[^\w-]+/gu, '-'))
    const around = { folder, signal, ...(cores === undefined ? {} : { cores }) }
    contestants.push({ name, peer: opening.use(await start(around)) })
  }
  const opened = opening.move()
  return {
    contestants,
    generator,
    work,
    options,
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  }
}

/** Loads a server and accounts for what it used meanwhile. */
export async function measureLoad<Report extends LoadReport>(
  peer: RunningPeer,
  run: () => Promise<Report>,
): Promise<Measured<Report>> {
  const { pid, proxies = [], relays = [] } = peer
  const stop = startAccounting(pid, ...proxies)
  const stopRelays = startAccounting(...relays)
  const report = await run()
  const usage = stop()
  const loading = report.cpuSeconds + stopRelays().cpuSeconds
  const foreign = Math.max(0, usage.otherCpuSeconds - loading)
  return { report, usage, foreignPercent: (100 * foreign) / usage.wallSeconds }
}

/** Measures until a run was quiet enough, at most four times; the last one is accepted as it is. */
export async function measureQuietly<Result extends Measured>(
  measure: () => Promise<Result>,
  { quick, noiseLimit }: Contest['options'],
): Promise<(Result & Attempt)[]> {
  const runs: (Result & Attempt)[] = []
  for (let attempt = 1; ; attempt += 1) {
    const measured = await measure()
    const rejected = !quick && measured.foreignPercent > noiseLimit && attempt < ATTEMPTS
    runs.push({ ...measured, attempt, rejected })
    if (!rejected) return runs
  }
}

/** Uploads, by one line of the generator each, to slots made for them. */
export async function putLoad(
  peer: RunningPeer,
  load: Pick<Load, 'connections' | 'requests' | 'size' | 'seconds'>,
): Promise<Load> {
  const slots = await peer.slots(load.requests, load.size)
  return { ...load, mode: 'put', port: peer.port, targets: slots.map(({ put }) => put) }
}
