import type { JsonObject } from '../../src/core/json-object.ts'
import { randomId } from '../../src/core/random.ts'
import type { DemoServer } from './demo-server.ts'
import type { SwitchableNetwork } from './switchable-network.ts'

/** What the page's server does for the page; nothing is answered to what was asked wrongly. */
export type Endpoint = (asked: JsonObject) => JsonObject | undefined | Promise<JsonObject>

/** The endpoints of the demonstration by their paths: a slot, and all that can happen to an upload. */
export function demoEndpoints(
  server: DemoServer,
  network: SwitchableNetwork,
): ReadonlyMap<string, Endpoint> {
  return new Map<string, Endpoint>([
    // In real life, slots come from an XMPP server (XEP-0363 §5).
    ['/slot', (asked) => slotFor(server, asked)],
    ['/demo/network', () => ({ name: network.name() })],
    ['/demo/switch', (asked) => switched(network, asked)],
    ['/demo/speed', (asked) => limited(network, asked)],
    [
      '/demo/restart',
      async () => {
        await server.restart()
        return {}
      },
    ],
  ])
}

function slotFor(server: DemoServer, { name, size }: JsonObject): JsonObject | undefined {
  if (typeof name !== 'string' || !Number.isSafeInteger(size)) return undefined
  const path = `${randomId(16)}/${encodeURIComponent(name)}`
  return { put: server.slot(path, Number(size)), get: server.fileUrl(path) }
}

function switched(network: SwitchableNetwork, { leaving }: JsonObject): JsonObject | undefined {
  if (leaving !== 'cut' && leaving !== 'silent') return undefined
  network.switchOver(leaving)
  return { name: network.name() }
}

function limited(network: SwitchableNetwork, { rate }: JsonObject): JsonObject | undefined {
  if (typeof rate !== 'number' || rate <= 0) return undefined
  network.limit(rate)
  return {}
}
