import assert from 'node:assert/strict'
import { startOwnEjabberd } from '../ejabberd.ts'
import { type ForeignServer, downloaded } from './foreign-server.ts'
import { slotsOf } from './xmpp-slots.ts'

/** ejabberd with its own store, `mod_http_upload`; slots are asked for by XMPP. */
export async function startForeignEjabberd(): Promise<ForeignServer> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startOwnEjabberd())
  const [host] = server.hosts
  assert.ok(host)
  const slots = stack.use(await slotsOf(host))
  const { put } = await slots.slot(1)
  const running = stack.move()
  return {
    face: 'plain',
    port: Number(new URL(put).port),
    slot: slots.slot,
    published: downloaded,
    log: host.log,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}
