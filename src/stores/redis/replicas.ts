import type { Client } from './client.ts'
import { infoOf, nodesOf } from './nodes.ts'

/** How often a server is asked whether it has replicas, in milliseconds. */
const INTERVAL = 10_000

/** Whether there are replicas that can confirm a write. */
export interface Replicas extends Disposable {
  exist(): boolean
  /** Looks again now. */
  refresh(): Promise<void>
}

/**
 * Watches whether there are replicas: after every new connection, which may lead to another
 * server, and every ten seconds. To be refreshed before it is asked for the first time.
 */
export function watchReplicas(client: Client): Replicas {
  let exist = false

  async function refresh(): Promise<void> {
    const counts = nodesOf(client).map(async (node) => {
      const fields = await infoOf(node, 'replication')
      // One that still copies what was there before confirms nothing.
      return [...fields].filter(
        ([name, value]) => /^slave\d+$/u.test(name) && value.includes('state=online'),
      ).length
    })
    // A cluster whose masters do not all have a replica cannot promise more than one without any.
    exist = (await Promise.all(counts)).every((count) => count > 0)
  }

  // What can't be asked now is asked again: until then the last answer holds.
  const look = (): void => void refresh().catch(() => {})
  const timer = setInterval(look, INTERVAL).unref()
  client.on('ready', look)
  return {
    exist: () => exist,
    refresh,
    [Symbol.dispose]: () => {
      clearInterval(timer)
      client.off('ready', look)
    },
  }
}
