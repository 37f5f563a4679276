import assert from 'node:assert/strict'
import { type Site, stored } from './site.ts'
import { get } from './slots.ts'
import { type RawRequest, type Wire, ask, dial, headOf } from './wire-client.ts'

/** Downloads a path, which must be there. */
export async function contentOf(site: Pick<Site, 'port'>, path: string): Promise<Buffer> {
  const { status, body } = await ask(site.port, get(path))
  assert.equal(status, 200)
  return body
}

/** Sends the head and the first half of the body, and returns when the site has stored it. */
export async function halfSent(
  site: Pick<Site, 'port' | 'config'>,
  request: RawRequest & { readonly body: Buffer },
  from = '127.0.0.2',
): Promise<Wire> {
  const wire = await dial(site.port, from)
  const half = Math.floor(request.body.length / 2)
  wire.send(headOf(request))
  wire.send(request.body.subarray(0, half))
  await stored(site, half)
  return wire
}

/** The metrics of a site that has an admin listener. */
export async function metricsOf({ adminPort }: Pick<Site, 'adminPort'>): Promise<string> {
  const headers = { Host: 'localhost' }
  const reply = await ask(adminPort, { method: 'GET', target: '/metrics', headers })
  return reply.body.toString()
}
