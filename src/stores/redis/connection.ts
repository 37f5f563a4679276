import { hash } from 'node:crypto'
import { OperatorError } from '../../core/operator-error.ts'
import { type RedisLocation, showRedisLocation } from '../../core/redis-location.ts'
import { Refusal } from '../../core/refusals.ts'
import { type Client, clientFor } from './client.ts'
import type { Command, Send } from './command.ts'
import { confirmedWrites } from './confirmed-writes.ts'
import { type RedisNode, nodesOf } from './nodes.ts'
import { answered } from './redis-errors.ts'
import { watchReplicas } from './replicas.ts'

/** A Lua script, sent once per server and named by its digest from then on. */
export interface Script {
  readonly lua: string
  readonly digest: string
}

export function script(lua: string): Script {
  return { lua, digest: hash('sha1', lua) }
}

/** A script with the keys it works on, all of one hash tag, and its arguments. */
export interface ScriptCall {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly (string | number)[]
}

/**
 * Redis, whatever stands behind it. What is sent in one turn of the event loop travels together.
 * Trouble is `Refusal('state-unavailable')` within two seconds, and passes by itself.
 */
export interface RedisConnection extends AsyncDisposable {
  /** For libraries that speak with Redis themselves; `answered` bounds what they wait for. */
  readonly client: Client
  command(command: Command): Promise<unknown>
  run(call: ScriptCall): Promise<unknown>
  /**
   * As `command` and `run`, for what must not be lost: where there are replicas it resolves when
   * one of them has it, too.
   */
  store(write: Command | ScriptCall): Promise<unknown>
  /** Has `listener` called with every message of the channel until it closes. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** The servers that hold data. */
  nodes(): readonly RedisNode[]
}

/** The values of keys of one hash tag; `null` where there is none. */
export async function valuesOf(
  keys: readonly string[],
  connection: RedisConnection,
): Promise<readonly unknown[]> {
  if (keys.length === 0) return []
  const values = await connection.command(['mget', ...keys])
  return Array.isArray(values) ? values : []
}

/** Milliseconds in which one of several servers has to be found at the start. */
const START_TIMEOUT = 10_000

/**
 * Connects. With `confirmed`, writes of `store` wait for a replica where there is one. Throws an
 * `OperatorError` if Redis can't be reached or the library is not installed.
 */
export async function connectRedis(
  location: RedisLocation,
  { confirmed }: { confirmed: boolean },
): Promise<RedisConnection> {
  await using opened = new AsyncDisposableStack()
  const connected = async (): Promise<Client> => await connect(opened, location)
  // A connection that waits for messages takes no commands, and one that waits for replicas none meanwhile.
  const [client, subscriber, writer] = await Promise.all([
    connected(),
    connected(),
    confirmed ? connected() : undefined,
  ])
  const replicas = opened.use(watchReplicas(client))
  if (confirmed) await replicas.refresh()
  const listeners = new Map<string, ((message: string) => void)[]>()
  subscriber.on('message', (channel, message) => {
    for (const listener of listeners.get(channel) ?? []) listener(message)
  })
  const send: Send = async ([name, ...args]) => await answered(client.call(name, ...args))
  const confirmedSend = writer && confirmedWrites(writer, replicas)
  const kept = opened.move()
  return {
    client,
    command: send,
    run: async (call) => await run(call, send),
    store: async (write) => {
      const sent = confirmedSend && replicas.exist() ? confirmedSend : send
      return await ('script' in write ? run(write, sent) : sent(write))
    },
    subscribe: async (channel, listener) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      await answered(subscriber.subscribe(channel))
    },
    nodes: () => nodesOf(client),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

async function connect(opened: AsyncDisposableStack, location: RedisLocation): Promise<Client> {
  const client = opened.adopt(await clientFor(location), (each) => each.disconnect())
  // The library tells here what it met on its way; what it rejects with says little.
  let met: unknown
  const note = (error: unknown): void => {
    met = error
  }
  client.on('error', note)
  try {
    await answered(client.connect(), START_TIMEOUT)
    return client
  } catch (error) {
    const cause = met ?? (error instanceof Refusal ? error.cause : error)
    throw new OperatorError(
      `Redis at ${showRedisLocation(location)} cannot be used`,
      causeOf(cause),
    )
  } finally {
    client.off('error', note)
  }
}

/** A cluster of which no node answers wraps the reason of the last one. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : error
}

/** Sends the script's digest, and the script itself to a server that does not know it yet. */
async function run(
  { script: { lua, digest }, keys, args }: ScriptCall,
  send: Send,
): Promise<unknown> {
  try {
    return await send(['evalsha', digest, keys.length, ...keys, ...args])
  } catch (error) {
    if (!(error instanceof Refusal) || !String(error.facts['why']).startsWith('NOSCRIPT'))
      throw error
    return await send(['eval', lua, keys.length, ...keys, ...args])
  }
}
