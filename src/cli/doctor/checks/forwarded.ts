import { createHmac } from 'node:crypto'
import { isJsonObject } from '../../../core/json-object.ts'
import { isLoopbackHost } from '../../../core/listen-address.ts'
import { HEADER } from '../../../wire/header-names.ts'
import { addressesOf } from '../addresses.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok, skipped } from '../finding.ts'
import { field, jsonOf } from '../http-client.ts'
import { inNginx, inOurs } from '../remedies.ts'
import { testFile } from '../test-file.ts'
import { creation, errandFor, giveUp } from '../uploading.ts'

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
async function comesFromProxy({ publicUrl, config }: Deployment): Promise<boolean> {
  const addresses = await addressesOf(publicUrl)
  if (!addresses.every((address) => isLoopbackHost(address))) return false
  const trusted = config?.server.trustedProxies ?? ['127.0.0.1/32']
  return trusted.some((network) => /^(?:127\.0\.0\.[01]|::1)\//u.test(network))
}

/** Nothing if the server opens no session. */
async function networksSeen(
  deployment: Deployment,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const errand = await errandFor(deployment, testFile(1000), signal)
  const forged = { 'X-Forwarded-For': FORGED, Forwarded: `for=${FORGED}` }
  const fields = { [HEADER.sessionAccept]: 'hmac-sha256', ...forged }
  const { resource, answer } = await creation(deployment, errand, { signal, fields })
  const [id, key, challenge] = [HEADER.sessionId, HEADER.sessionKey, HEADER.nextChallenge].map(
    (name) => field(answer, name),
  )
  if (id === undefined || key === undefined || challenge === undefined || key === '') {
    await giveUp(deployment, resource, signal)
    return undefined
  }
  const url = new URL('-/session', deployment.publicUrl)
  const proofOf = (method: string, by: string): Readonly<Record<string, string>> =>
    proof({ id, key, method, url, challenge: by })
  const seen = await deployment.http.ask(
    { method: 'GET', url: url.href, headers: { ...proofOf('GET', challenge), ...forged } },
    signal,
  )
  const next = field(seen, HEADER.nextChallenge)
  // Ends the session, and its upload with it.
  await deployment.http.ask(
    { method: 'DELETE', url: url.href, headers: proofOf('DELETE', next) },
    signal,
  )
  return networksIn(jsonOf(seen.body))
}

/** The answer to a challenge (docs/xep-resilient-upload.md §6). */
function proof(asked: {
  id: string
  key: string
  method: string
  url: URL
  challenge: string
}): Readonly<Record<string, string>> {
  const { id, key, method, url, challenge } = asked
  const lines = ['HMAC-Challenge/1', id, method, url.host, url.pathname, challenge, '-', '-']
  const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(lines.join('\n'))
  return {
    [HEADER.sessionId]: id,
    [HEADER.challengeResponse]: `${challenge}.${mac.digest('base64url')}`,
  }
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
