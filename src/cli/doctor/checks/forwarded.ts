import { isJsonObject } from '../../../core/json-object.ts'
import { isLoopbackHost } from '../../../core/listen-address.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok, skipped } from '../finding.ts'
import { jsonOf } from '../http-client.ts'
import { inNginx, inOurs } from '../remedies.ts'
import { testFile } from '../test-file.ts'
import { tryOutSession } from '../tried-session.ts'
import { errandFor } from '../uploading.ts'

/** Of documentation (RFC 5737 §3): nobody comes from there. */
const FORGED = '203.0.113.7'
const FORGED_NETWORK = /^203\.0\.113\./u

/** Prefixes at which a list of proxies is no list any more. */
const WIDE = /^(?:0\.0\.0\.0|::)\/\d+$|\/0$/u

/**
 * Limits, bans and the audit trail go by the client's address. A session shows in which networks
 * the server has seen it, so one is opened with addresses of our own invention.
 */
export const forwardedCheck: Check = {
  name: 'forwarded',
  about: 'X-Forwarded-For and Forwarded of a client are not believed',
  needs: ['upload'],
  takesSlot: true,
  async run(deployment, signal) {
    const wide = deployment.config?.server.trustedProxies.find((network) => WIDE.test(network))
    if (wide !== undefined) {
      const text = `server.trusted_proxies has ${wide}: whoever connects can call himself what he likes`
      return failed(text, PROXIES)
    }
    if (await comesFromProxy(deployment)) {
      return skipped('this machine is one that the server trusts: run doctor on another one')
    }
    return judged(deployment, await networksSeen(deployment, signal))
  },
}

const PROXIES = inOurs(
  'server',
  'trusted_proxies = ["127.0.0.1/32", "::1/128"]  # the addresses of your proxies, and no others',
)

/** Without the configuration nobody knows whom the server trusts; usually it is its own machine. */
async function comesFromProxy(deployment: Deployment): Promise<boolean> {
  const { config } = deployment
  const addresses = await deployment.addresses()
  if (!addresses.every((address) => isLoopbackHost(address))) return false
  const trusted = config?.server.trustedProxies ?? ['127.0.0.1/32']
  return trusted.some((network) => /^(?:127\.0\.0\.[01]|::1)\//u.test(network))
}

/** Nothing if the server opens no session. */
async function networksSeen(
  deployment: Deployment,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const errand = await errandFor(deployment.slots, testFile(1000), signal)
  const extra = { 'X-Forwarded-For': FORGED, Forwarded: `for=${FORGED}` }
  await using session = await tryOutSession(deployment, errand, { extra, signal })
  return session === undefined ? undefined : networksIn(jsonOf((await session.show()).body))
}

function networksIn(told: unknown): readonly string[] {
  const networks = isJsonObject(told) ? told['networks'] : undefined
  if (!Array.isArray(networks)) return []
  return networks.map((one: unknown) => (isJsonObject(one) ? String(one['network']) : ''))
}

function judged(deployment: Deployment, networks: readonly string[] | undefined): Finding {
  if (networks === undefined) return skipped('the server opens no sessions, which show it')
  if (networks.length === 0) return skipped('the session shows no networks')
  if (!networks.some((network) => FORGED_NETWORK.test(network))) {
    return ok(`invented ones were not believed, the server saw ${networks.join(', ')}`)
  }
  return failed(
    `a client that invents ${FORGED} is believed: limits and bans can be dodged`,
    inNginx(
      deployment,
      'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
      'proxy_set_header Forwarded "";',
    ),
    PROXIES,
  )
}
