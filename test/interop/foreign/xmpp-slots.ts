import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { logIn } from '../../../src/cli/xmpp/login.ts'
import type { Slot } from '../../../src/client/slot.ts'
import { xmppUploads } from '../../../src/client/xmpp/main.ts'
import { ACCOUNTS, PASSWORD, type XmppHost } from '../xmpp-server.ts'

/** An account that asks for slots. */
export interface XmppSlots extends AsyncDisposable {
  readonly slot: (size: number) => Promise<Slot>
}

/** Logs in to a host; its certificate authority is trusted by this whole process from then on. */
export async function slotsOf(
  host: Pick<XmppHost, 'domain' | 'port' | 'caFile'>,
): Promise<XmppSlots> {
  const { domain, port, caFile } = host
  setDefaultCACertificates([...getCACertificates(), await readFile(caFile, 'utf8')])
  const jid = `${ACCOUNTS[0]}@${domain}`
  const service = `xmpp://127.0.0.1:${port}`
  const signal = AbortSignal.timeout(60_000)
  const login = await logIn({ jid, password: PASSWORD, service }, signal)
  const uploads = xmppUploads(login.sender)
  return {
    slot: async (size) => await uploads.slotFor({ name: 'film.mp4', size, type: 'video/mp4' })(),
    [Symbol.asyncDispose]: async () => await login[Symbol.asyncDispose](),
  }
}
