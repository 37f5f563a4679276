import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Contest, type ContestOptions, openContest, type PeerStarter } from './contest.ts'
import { readProfile } from './cpu-profile.ts'
import { measureCuts, CUTS } from './cuts.ts'
import { BenchFailure } from './failure.ts'
import { flameGraph } from './flame-graph.ts'
import { partsOf, type ProfilePart } from './profile-parts.ts'
import { startOwnServer } from './peers/hmac-file-server.ts'
import { measureSpeed } from './speed.ts'
import { OURS } from './server-names.ts'
import { measureTrickles, TRICKLE } from './trickle.ts'

/** Of our server under one load, its start and its warming up included. */
export interface WorkloadProfile {
  readonly workload: string
  /** As V8 writes it. */
  readonly profile: string
  /** As SVG. */
  readonly graph: string
  readonly parts: readonly ProfilePart[]
}

export interface ProfileOptions extends Pick<ContestOptions, 'quick' | 'workFolder' | 'signal'> {
  /** Names of loads. */
  readonly workloads: readonly string[]
  /** Of the cuts. */
  readonly seed: number
}

async function runLoad(name: string, contest: Contest, seed: number): Promise<unknown> {
  if (name === TRICKLE.name) return await measureTrickles(contest)
  if (name === CUTS.name) return await measureCuts(contest, seed)
  return await measureSpeed(contest, { rounds: 1, workloads: [name] })
}

/** Runs a load against a fresh server; resolves to its profile once it has ended. */
async function profileOf(workload: string, options: ProfileOptions): Promise<string> {
  let profile = ''
  const start: PeerStarter = async (around) => {
    const node = ['--cpu-prof', `--cpu-prof-dir=${around.folder}`]
    const peer = await startOwnServer(around, { fsync: 'never', node })
    return {
      ...peer,
      async [Symbol.asyncDispose]() {
        await peer[Symbol.asyncDispose]()
        // The server writes it when it ends, and its folder is about to be removed.
        profile = profileIn(around.folder)
      },
    }
  }
  {
    await using contest = await openContest({
      ...options,
      servers: { [OURS]: start },
      noiseLimit: 100,
    })
    await runLoad(workload, contest, options.seed)
  }
  return profile
}

function profileIn(folder: string): string {
  const name = readdirSync(folder).find((file) => file.endsWith('.cpuprofile'))
  if (name === undefined) throw new BenchFailure('The server wrote no profile.')
  return readFileSync(path.join(folder, name), 'utf8')
}

/** CPU profiles of our server, each of a fresh one under one load, and their flame graphs. */
export async function measureProfiles(options: ProfileOptions): Promise<WorkloadProfile[]> {
  const profiles: WorkloadProfile[] = []
  for (const workload of options.workloads) {
    const profile = await profileOf(workload, options)
    const title = `${workload}: where ${OURS} spends its time`
    const frame = readProfile(profile)
    profiles.push({ workload, profile, graph: flameGraph(frame, title), parts: partsOf(frame) })
  }
  return profiles
}
