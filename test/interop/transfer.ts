import assert from 'node:assert/strict'
import type { FileServer } from './file-server.ts'
import { get } from './http-client.ts'
import type { SampleFile } from './sample-file.ts'
import type { SlixmppAccount } from './slixmpp-account.ts'
import type { UploadingClient } from './uploading-client.ts'
import type { XmppHost } from './xmpp-server.ts'

/** Everybody who takes part in a file's way from a sender to its reader. */
export interface Parties {
  readonly sender: UploadingClient
  readonly reader: SlixmppAccount
  readonly server: FileServer
  readonly host: XmppHost
  /** Certificate authority of the link's host (PEM), when the link is https. */
  readonly ca?: string
}

/** Sends the file with a real client and fetches it as its reader would: through the link in the message. */
export async function assertTransfer(parties: Parties, file: SampleFile): Promise<void> {
  const { sender, reader, server, host, ca } = parties
  try {
    // The link may come before the upload's call ends, or long after it, by client.
    const signal = AbortSignal.timeout(60_000)
    await sender.upload(file.path, reader.jid)
    const link = await reader.nextLink(sender.jid, signal)
    assert.ok(link.startsWith(server.publicUrl), `${link} is below ${server.publicUrl}`)
    const answer = await get(link, { signal, ...(ca === undefined ? {} : { ca }) })
    assert.deepEqual(
      { status: answer.status, size: answer.size, sha256: answer.sha256 },
      { status: 200, size: file.size, sha256: file.sha256 },
    )
  } catch (cause) {
    const logs = { server: server.program.log(), xmpp: host.log(), client: await sender.log() }
    const text = Object.entries(logs).map(([name, log]) => `-- ${name} --\n${log}`)
    throw new Error(`${file.path} did not arrive\n${text.join('\n')}`, { cause })
  }
}
