import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock, systemStopwatch } from '../src/core/clock.ts'
import { randomId } from '../src/core/random.ts'
import { parseSlotPath } from '../src/core/slot-path.ts'
import { signSlot } from '../src/grants/sign.ts'
import { type Contest, type ContestOptions, openContest } from './contest.ts'
import { BenchFailure } from './failure.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { startOwnServer } from './peers/hmac-file-server.ts'
import { CONTENT_TYPE, type RunningPeer } from './peers/peer.ts'
import { measureSpeed, type SpeedRun } from './speed.ts'
import { OURS } from './server-names.ts'
import { median } from './statistics.ts'

const LOAD = 'W2'
const SIZE = 4096
const SECRET = 'the-sweep-of-the-benchmark-90ab5'

/** Files are due as soon as they are there; a grant is accepted for a minute after. */
const LIFE_MS = 5_000
const GRANT_LIFE_MS = 3_600_000

/** Retention looks every minute. */
const SWEEP_LIMIT_MS = 5 * 60_000
const LOOK_EVERY_MS = 1_000

export interface SweepOptions extends Pick<
  ContestOptions,
  'quick' | 'noiseLimit' | 'workFolder' | 'signal'
> {
  readonly rounds: number
  /** That expire. */
  readonly files: number
}

export interface SweepResult {
  readonly files: number
  /** From the last of their uploads until the last of them was gone. */
  readonly seconds: number
  readonly before: readonly SpeedRun[]
  readonly after: readonly SpeedRun[]
}

/** Slots whose files expire at once, as Prosody would sign them: no other scheme of ours says when a file ends. */
function shortLived(count: number): string[] {
  const now = systemClock()
  const times = { expiresAt: now + GRANT_LIFE_MS, fileExpiresAt: now + LIFE_MS }
  return Array.from({ length: count }, () => {
    const path = parseSlotPath(`${randomId(15)}/file.bin`)
    const slot = { path, size: SIZE, issuedAt: now, ...times }
    const { authorization = '' } = signSlot('jwt', slot, Buffer.from(SECRET))
    return `PUT /${path}\t${CONTENT_TYPE}|Authorization: ${authorization}`
  })
}

function countFiles({ files }: RunningPeer): number {
  const all = readdirSync(files, { recursive: true, withFileTypes: true })
  return all.filter((entry) => entry.isFile()).length
}

/** Stores files that expire; resolves once retention has removed them all, to how long that took. */
async function sweepOf(
  count: number,
  peer: RunningPeer,
  { generator, options }: Contest,
): Promise<number> {
  const kept = countFiles(peer)
  const load = { mode: 'put' as const, port: peer.port, connections: 64, requests: count }
  const targets = shortLived(count)
  const report = await generator.run({ ...load, size: SIZE, seconds: 600, targets }, options.signal)
  if (report.ok < count) throw new BenchFailure(`${count - report.ok} files were not stored`)
  const startedAt = systemStopwatch()
  while (countFiles(peer) > kept) {
    if (systemStopwatch() - startedAt > SWEEP_LIMIT_MS)
      throw new BenchFailure('Files were not removed')
    await delay(LOOK_EVERY_MS, undefined, { signal: options.signal })
  }
  return (systemStopwatch() - startedAt) / 1000
}

/** Small uploads before and right after thousands of files have expired: ext4 remembers deleted inodes for minutes. */
export async function measureSweep(options: SweepOptions): Promise<SweepResult> {
  const { rounds, files } = options
  const set = [`grants.jwt_secret=${SECRET}`]
  const servers = {
    [OURS]: async (around: Parameters<typeof startOwnServer>[0]): Promise<RunningPeer> =>
      await startOwnServer(around, { fsync: 'never', set }),
  }
  await using contest = await openContest({ ...options, servers })
  const [own] = contest.contestants
  if (own === undefined) throw new BenchFailure('There is no server.')
  const before = await measureSpeed(contest, { rounds, workloads: [LOAD] })
  const seconds = await sweepOf(files, own.peer, contest)
  const after = await measureSpeed(contest, { rounds, workloads: [LOAD], isWarm: true })
  return { files, seconds, before, after }
}

interface Figures {
  readonly rate: number
  readonly p99: number
}

function figuresOf(runs: readonly SpeedRun[]): Figures {
  const accepted = runs.filter((run) => !run.rejected)
  return {
    rate: median(accepted.map(({ report }) => report.requestsPerSecond)),
    p99: median(accepted.map(({ report }) => report.p99)),
  }
}

function cellsOf({ rate, p99 }: Figures): string[] {
  return [`${rate.toFixed(0)} req/s`, p99.toFixed(1)]
}

/** The result as Markdown. */
export function sweepMarkdown(result: SweepResult, machine: MachineFacts): string {
  const [before, after] = [figuresOf(result.before), figuresOf(result.after)]
  const table = markdownTable(
    [LOAD, 'median', 'p99 ms'],
    [
      ['before', ...cellsOf(before)],
      ['right after the sweep', ...cellsOf(after)],
    ],
  )
  return `# Uploads after a sweep

${describeMachine(machine)}.

${result.files} files expired; the last one was gone ${result.seconds.toFixed(0)} s after the last one had been stored (retention looks once a minute).

${table}

After the sweep: ${(after.rate / before.rate).toFixed(2)} × before.
`
}
