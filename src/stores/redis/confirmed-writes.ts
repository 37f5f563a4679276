import { setImmediate as nextTurn } from 'node:timers/promises'
import { Refusal } from '../../core/refusals.ts'
import type { Client } from './client.ts'
import { type Command, type Send, keyOf } from './command.ts'
import { keySlot } from './key-slot.ts'
import { answered, stateUnavailable } from './redis-errors.ts'
import type { Replicas } from './replicas.ts'

/** Milliseconds that a replica may take to confirm a write. */
const REPLICA_TIMEOUT = 1_000

interface Write {
  readonly command: Command
  readonly resolve: (answer: unknown) => void
  readonly reject: (trouble: Refusal) => void
  /** Nobody waits for it any more; it may have been sent already. */
  isGivenUp: boolean
}

/** The writes to one server that wait for the batch before them. */
interface Lane {
  readonly waiting: Write[]
  isBusy: boolean
}

/**
 * Sends writes that are answered when a replica has them; the master's answer alone is none.
 *
 * Redis serves nothing else on a connection that waits for replicas (`WAIT`): `client` must be used
 * for these writes only. What comes while a batch waits is the next batch, so that many
 * writes cost one wait. A write that was given up before it was sent is not sent.
 */
export function confirmedWrites(client: Client, replicas: Replicas): Send {
  const lanes = new Map<string, Lane>()
  return async (command) => {
    const server = serverOf(command, client)
    const lane = lanes.get(server) ?? { waiting: [], isBusy: false }
    lanes.set(server, lane)
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const write: Write = { command, resolve, reject, isGivenUp: false }
    lane.waiting.push(write)
    if (!lane.isBusy) void drain(lane, async (batch) => await send(batch, client, replicas))
    try {
      return await answered(promise)
    } finally {
      write.isGivenUp = true
    }
  }
}

/** The servers that have a command's key: what travels together must go to the same ones. */
function serverOf(command: Command, client: Client): string {
  if (!('slots' in client)) return ''
  return client.slots[keySlot(keyOf(command))]?.join() ?? ''
}

/** Sends what waits, batch after batch. `sendBatch` does not reject. */
async function drain(
  lane: Lane,
  sendBatch: (batch: readonly Write[]) => Promise<void>,
): Promise<void> {
  lane.isBusy = true
  while (lane.waiting.length > 0) {
    // What is written in this turn of the event loop travels together.
    await nextTurn()
    const batch = lane.waiting.splice(0).filter(({ isGivenUp }) => !isGivenUp)
    if (batch.length > 0) await sendBatch(batch)
  }
  lane.isBusy = false
}

async function send(batch: readonly Write[], client: Client, replicas: Replicas): Promise<void> {
  try {
    const pipeline = client.pipeline()
    for (const { command } of batch) {
      const [name, ...args] = command
      pipeline.call(name, ...args)
    }
    pipeline.call('wait', 1, REPLICA_TIMEOUT)
    const answers = (await answered(pipeline.exec())) ?? []
    const [unanswered, count] = answers[batch.length] ?? []
    const doubt = unanswered ? stateUnavailable(unanswered) : doubtAt(Number(count), replicas)
    for (const [at, { resolve, reject }] of batch.entries()) {
      const [error, answer] = answers[at] ?? []
      const trouble = error ? stateUnavailable(error) : doubt
      if (trouble) reject(trouble)
      else resolve(answer)
    }
  } catch (error) {
    for (const { reject } of batch) reject(stateUnavailable(error))
  }
}

/** Why a batch does not count as stored, although the master answered. */
function doubtAt(confirmations: number, replicas: Replicas): Refusal | undefined {
  if (confirmations > 0) return undefined
  void replicas.refresh().catch(() => {})
  return new Refusal('state-unavailable', { why: 'no replica confirmed the write' })
}
