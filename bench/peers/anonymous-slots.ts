import { client, xml } from '@xmpp/client'
import { answered } from '../../src/client/answered.ts'
import { xmppClientSender, xmppUploads, type XmppUploads } from '../../src/client/xmpp/main.ts'
import { CONTENT_TYPE, type RunningPeer, type Slot } from './peer.ts'

/** Questions under way at once: enough to keep the server busy, few enough to be answered in time. */
const AT_ONCE = 200

const TYPE = 'application/octet-stream'

/** A guest of an XMPP server who asks for slots; disposing logs out. */
export type AnonymousSlots = Pick<RunningPeer, 'slots'> & AsyncDisposable

/** Logs in over plain TCP as nobody (SASL ANONYMOUS, RFC 4505), and asks for slots (XEP-0363 §5). */
export async function anonymousSlots(
  host: { readonly domain: string; readonly port: number },
  signal: AbortSignal,
): Promise<AnonymousSlots> {
  const { domain } = host
  const service = `xmpp://127.0.0.1:${host.port}`
  const xmpp = client({
    service,
    domain,
    username: '',
    credentials: async (authenticate) =>
      await authenticate({ username: '', password: '' }, 'ANONYMOUS'),
  })
  // What goes wrong is told to whoever asked: an `error` that nobody listens to would end the process.
  xmpp.on('error', () => {})
  const { promise: online, resolve } = Promise.withResolvers<void>()
  xmpp.on('online', resolve)
  await answered(xmpp.connect(service), signal)
  await answered(xmpp.open({ domain }), signal)
  await answered(online, signal)
  const uploads = xmppUploads(xmppClientSender(xmpp, xml))
  return {
    slots: async (count, size) => {
      const slots: Slot[] = []
      while (slots.length < count) {
        signal.throwIfAborted()
        const asked = Array.from({ length: Math.min(AT_ONCE, count - slots.length) }, async () => {
          return await slotOf(uploads, size)
        })
        slots.push(...(await Promise.all(asked)))
      }
      return slots
    },
    async [Symbol.asyncDispose]() {
      xmpp.reconnect.stop()
      await xmpp.stop()
    },
  }
}

async function slotOf(uploads: XmppUploads, size: number): Promise<Slot> {
  const { put, get } = await uploads.slotFor({ name: 'file.bin', size, type: TYPE })()
  return { put: `PUT ${targetOf(put)}\t${CONTENT_TYPE}`, get: `GET ${targetOf(get)}` }
}

function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return `${pathname}${search}`
}
