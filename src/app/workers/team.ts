import cluster from 'node:cluster'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Message } from '../../stores/workers/channel.ts'
import { type Member, type MemberNeeds, startMember } from './member.ts'

/** A worker that lived so long did not fail at its start, in milliseconds. */
const STEADY = 10_000

/** The pause before a worker is replaced that failed twice, in milliseconds; it doubles with each failure … */
const PAUSE = 500

/** … up to this. */
const LONGEST_PAUSE = 30_000

/** What workers get beyond the grace of their requests to end by themselves, in milliseconds. */
const ENDING_TIME = 10_000

export interface TeamNeeds extends MemberNeeds {
  readonly size: number
}

/** The workers of a server. Disposing ends them at once. */
export interface Team extends AsyncDisposable {
  /** The ports they listen on, in the order of `server.listen`. */
  readonly ports: readonly number[]
  /** Tells every worker. */
  tell(message: Message): void
  /** Ends every worker after its requests had so many milliseconds to finish. */
  shutdown(graceMs: number): Promise<void>
}

/** Starts the workers; rejects with what is wrong, none runs then. One that ends by itself is replaced. */
export async function startTeam(needs: TeamNeeds): Promise<Team> {
  // Each worker accepts for itself, so that none that hangs or has just died is given a connection.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: program(),
    args: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const team: Places = { needs, members: new Set(), stop: new AbortController() }
  const { members, stop } = team
  let places: readonly Promise<void>[] = []
  const tell = (message: Message): void => members.forEach(({ channel }) => channel.send(message))
  try {
    const first = Array.from({ length: needs.size }, () => begin(team))
    places = first.map(async (member) => await man(team, member))
    const [ports = []] = await Promise.all([...members].map(async ({ ready }) => await ready))
    return { ports, tell, shutdown, [Symbol.asyncDispose]: endAtOnce }
  } catch (error) {
    await endAtOnce()
    throw error
  }

  async function shutdown(graceMs: number): Promise<void> {
    stop.abort()
    tell({ word: 'shutdown', id: 0, text: '' })
    const guard = setTimeout(killAll, graceMs + ENDING_TIME)
    await Promise.all(places)
    clearTimeout(guard)
  }

  async function endAtOnce(): Promise<void> {
    stop.abort()
    killAll()
    await Promise.allSettled(places)
  }

  function killAll(): void {
    for (const member of members) member.kill()
  }
}

/** The team while its places are being manned. */
interface Places {
  readonly needs: TeamNeeds
  readonly members: Set<Member>
  readonly stop: AbortController
}

function begin({ needs, members }: Places): Member {
  const member = startMember(needs)
  members.add(member)
  needs.log.debug({ worker: member.pid }, 'worker started')
  return member
}

/** Keeps one place taken until the team ends. */
async function man(places: Places, first: Member): Promise<void> {
  const { needs, members, stop } = places
  let member: Member | undefined = first
  for (let failures = 0; member !== undefined;) {
    const { lived, ...exit } = await member.ended
    members.delete(member)
    if (stop.signal.aborted) return
    needs.log.error({ worker: member.pid, ...exit }, 'a worker ended by itself and is replaced')
    failures = lived > STEADY ? 0 : failures + 1
    member = await replacement(places, failures)
  }
}

/** A worker as soon as one can be started; nothing once the team ends. */
async function replacement(places: Places, failures: number): Promise<Member | undefined> {
  const { needs, stop } = places
  for (let tries = failures; ; tries += 1) {
    await pauseAfter(tries, stop.signal)
    if (stop.signal.aborted) return undefined
    try {
      return begin(places)
    } catch (err) {
      needs.log.error({ err }, 'a worker cannot be started')
    }
  }
}

/** The file that stands beside this one, in a checkout as in a built package. */
function program(): string {
  return fileURLToPath(new URL(`worker-process${extname(import.meta.url)}`, import.meta.url))
}

async function pauseAfter(failures: number, signal: AbortSignal): Promise<void> {
  if (failures < 2 || signal.aborted) return
  const length = Math.min(PAUSE * 2 ** (failures - 2), LONGEST_PAUSE)
  const passed = AbortSignal.any([signal, AbortSignal.timeout(length)])
  if (!passed.aborted) await once(passed, 'abort')
}
