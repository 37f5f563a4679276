import cluster, { type Worker } from 'node:cluster'
import { configToText } from '../../config/handover.ts'
import type { Config } from '../../config/options.ts'
import { systemStopwatch } from '../../core/clock.ts'
import { OperatorError } from '../../core/operator-error.ts'
import type { Lease } from '../../engine/ports.ts'
import type { Log } from '../../observe/log.ts'
import type { Channel } from '../../stores/workers/channel.ts'
import type { LeaseBroker } from '../../stores/workers/lease-broker.ts'
import { channelTo, nextMessage } from './process-channel.ts'

/** What every worker is started with. */
export interface MemberNeeds {
  /** The configuration in effect now. */
  readonly config: () => Config
  readonly broker: LeaseBroker
  /** Whatever else serves a worker, from its begin to its end. */
  readonly attend: readonly ((channel: Channel) => Disposable)[]
  /** Mends what a worker left that held these leases when it ended. */
  readonly mend: (leases: readonly Lease[]) => Promise<void>
  readonly log: Log
}

/** How a worker ended. */
interface Exit {
  readonly code: unknown
  readonly signal: unknown
  /** Milliseconds. */
  readonly lived: number
}

/** One worker, from its begin to its end. */
export interface Member {
  readonly pid: number | undefined
  readonly channel: Channel
  /** The ports it listens on, in the order of `server.listen`; rejects with what is wrong when it cannot serve. */
  readonly ready: Promise<readonly number[]>
  /** Resolves when the process is gone and what it left is mended. */
  readonly ended: Promise<Exit>
  kill(): void
}

/** Starts a worker. */
export function startMember(needs: MemberNeeds): Member {
  const since = systemStopwatch()
  const worker = cluster.fork()
  const channel = channelTo(worker)
  const attended = new DisposableStack()
  for (const attend of needs.attend) attended.use(attend(channel))
  const seat = needs.broker.serve(channel)
  const gone = new AbortController()
  const ended = endOf(worker, needs.log).then(async ([code, signal]) => {
    gone.abort(new OperatorError('A worker ended while it started'))
    attended.dispose()
    await clearUp(seat.leave(), needs)
    return { code, signal, lived: systemStopwatch() - since }
  })
  const ready = readiness(channel, gone.signal)
  // Only at the start of the server somebody waits for it.
  ready.catch(() => {})
  channel.send({ word: 'config', id: 0, text: configToText(needs.config()) })
  const { process } = worker
  return { pid: process.pid, channel, ready, ended, kill: () => void process.kill('SIGKILL') }
}

/** Resolves to the exit's code and signal, or to why there never was a process. */
async function endOf(worker: Worker, log: Log): Promise<readonly unknown[]> {
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
  worker.once('exit', (...exit: unknown[]) => resolve(exit))
  worker.on('error', (err) => {
    // A process that runs can have errors too: a message that did not reach it.
    if (worker.process.pid === undefined) resolve([err.message])
    else log.debug({ err, worker: worker.process.pid }, 'a worker cannot be told')
  })
  return await promise
}

async function readiness(channel: Channel, gone: AbortSignal): Promise<readonly number[]> {
  const { word, text } = await nextMessage(channel, ['ready', 'failed'], gone)
  if (word === 'failed') throw new OperatorError(text)
  return text.split(',').map(Number)
}

/** Nobody gets a lease of the worker before what it left under it is mended. */
async function clearUp(leases: readonly Lease[], { mend, log }: MemberNeeds): Promise<void> {
  try {
    await mend(leases)
  } catch (err) {
    log.error({ err }, 'what a worker left is not mended: the next start will do it')
  } finally {
    for (const lease of leases) lease[Symbol.dispose]()
  }
}
