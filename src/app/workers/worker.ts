import cluster from 'node:cluster'
import process from 'node:process'
import { configFromText } from '../../config/handover.ts'
import type { Config } from '../../config/options.ts'
import { OperatorError } from '../../core/operator-error.ts'
import type { Channel, Message } from '../../stores/workers/channel.ts'
import { workerLeases } from '../../stores/workers/leases.ts'
import { workerNotices } from '../../stores/workers/notices.ts'
import { type Front, startFront } from '../front.ts'
import { reloader } from '../reloader.ts'
import { type Core, startCore } from '../server-core.ts'
import { type Stores, openStores } from '../stores.ts'
import { wholeLines } from './whole-lines.ts'
import { nextMessage } from './process-channel.ts'

/** How often a worker tells what it has counted, in milliseconds. */
const TELLING_INTERVAL = 1_000

const NEVER = new AbortController().signal

/**
 * Serves clients as the primary says, until it says to stop. The primary keeps the leases, ends what is
 * overdue and mends what was left; a worker ends when its primary does.
 */
export async function runWorker(channel: Channel): Promise<void> {
  const { text } = await nextMessage(channel, ['config'], NEVER)
  const stopping = nextMessage(channel, ['shutdown'], NEVER)
  const config = configFromText(text)
  // What changes while the worker starts is taken over as soon as it has started.
  let changed: Message | undefined
  const early = channel.listen((message) => {
    if (message.word === 'reload') changed = message
  })
  await using started = new AsyncDisposableStack()
  try {
    const { core, front } = await start(config, channel, started)
    const obey = follower(channel, config, { core, front })
    using _orders = channel.listen(obey)
    early[Symbol.dispose]()
    if (changed !== undefined) obey(changed)
    // Were it only asked for, a worker that is killed would take with it all it counted since then.
    const telling = setInterval(() => void tellMetrics(core, channel, 0), TELLING_INTERVAL)
    started.defer(() => clearInterval(telling))
    channel.send({ word: 'ready', id: 0, text: portsOf(front) })
    await stopping
    await front.shutdown()
    await started.disposeAsync()
    await tellMetrics(core, channel, 0)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    channel.send({ word: 'failed', id: 0, text: error.message })
    process.exitCode = 1
  }
  cluster.worker?.disconnect()
}

async function start(
  config: Config,
  channel: Channel,
  started: AsyncDisposableStack,
): Promise<{ readonly core: Core; readonly front: Front }> {
  const open = async (): Promise<Stores> => await openShared(config, channel)
  const worker = process.pid
  const destination = wholeLines(process.stderr)
  const core = await startCore(config, { destination, open, worker }, started)
  return { core, front: started.use(await startFront(config, core)) }
}

function portsOf({ addresses }: Front): string {
  return addresses.map((address) => (address.kind === 'tcp' ? address.port : 0)).join(',')
}

/** The stores that the primary has opened before, with the leases that it keeps. */
async function openShared(config: Config, channel: Channel): Promise<Stores> {
  const stores = await openStores(config)
  return {
    ...stores,
    leases: workerLeases(channel),
    notices: stores.notices ?? workerNotices(channel),
    // Old sessions are ended by the primary, once and not by everybody.
    sessions: { ...stores.sessions, openedBefore: async () => [] },
  }
}

function follower(
  channel: Channel,
  config: Config,
  { core, front }: { core: Core; front: Front },
): (message: Message) => void {
  const apply = (next: Config): void => {
    front.follow(next)
    core.follow(next)
  }
  const reload = reloader({ ...core, config, apply })
  return ({ word, id, text }) => {
    if (word === 'reload') void followed(reload(configFromText(text)), core)
    if (word === 'metrics?') void tellMetrics(core, channel, id)
  }
}

async function followed(reloaded: Promise<void>, { log }: Core): Promise<void> {
  try {
    await reloaded
  } catch (err) {
    log.error({ err }, 'the worker could not follow the new configuration')
  }
}

async function tellMetrics({ metrics }: Core, channel: Channel, id: number): Promise<void> {
  channel.send({ word: 'metrics', id, text: JSON.stringify(await metrics.snapshot()) })
}
