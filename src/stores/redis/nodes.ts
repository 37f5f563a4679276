import type { Redis } from 'ioredis'
import type { Client } from './client.ts'
import { answered } from './redis-errors.ts'

/** A server that holds data: it takes writes. */
export interface RedisNode {
  /** `host:port` */
  readonly name: string
  ask(command: string, ...args: string[]): Promise<unknown>
}

/** The servers that hold data at this moment. */
export function nodesOf(client: Client): readonly RedisNode[] {
  return mastersOf(client).map((server) => ({
    name: `${server.options.host}:${server.options.port}`,
    ask: async (command, ...args) => await answered(server.call(command, ...args)),
  }))
}

function mastersOf(client: Client): readonly Redis[] {
  return 'nodes' in client ? client.nodes('master') : [client]
}

/** One section of a server's `INFO`, by field. */
export async function infoOf(
  node: RedisNode,
  section: string,
): Promise<ReadonlyMap<string, string>> {
  const text = String(await node.ask('info', section))
  const fields = text.matchAll(/^(?<name>\w+):(?<value>.*?)\r?$/gmu)
  return new Map(
    Array.from(fields, ({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  )
}
