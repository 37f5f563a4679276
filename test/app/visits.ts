import assert from 'node:assert/strict'
import { type Site, stored } from './site.ts'
import { type SignedPut, get } from './slots.ts'
import { type Wire, ask, dial, headOf } from './wire-client.ts'

/** Downloads a path, which must be there. */
export async function contentOf(site: Pick<Site, 'port'>, path: string): Promise<Buffer> {
  const { status, body } = await ask(site.port, get(path))
  assert.equal(status, 200)
  return body
}

/** Sends the head and the first half of the body, and returns when the site has stored it. */
export async function halfSent(
  site: Pick<Site, 'port' | 'config'>,
  put: SignedPut,
  from = '127.0.0.2',
): Promise<Wire> {
  const wire = await dial(site.port, from)
  wire.send(headOf(put))
  wire.send(put.body.subarray(0, put.body.length / 2))
  await stored(site, Math.floor(put.body.length / 2))
  return wire
}

/** The metrics of a site that has an admin listener. */
export async function metricsOf({ adminPort }: Pick<Site, 'adminPort'>): Promise<string> {
  const headers = { Host: 'localhost' }
  const reply = await ask(adminPort, { method: 'GET', target: '/metrics', headers })
  return reply.body.toString()
}
