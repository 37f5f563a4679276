import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { UploadingClient } from './uploading-client.ts'
import { tempFolder } from './temp-folder.ts'
import { PASSWORD, type XmppHost } from './xmpp-server.ts'

const run = promisify(execFile)

/** go-sendxmpp: one process, one login per file. */
export async function goSendxmpp(
  host: XmppHost,
  env: Readonly<Record<string, string>> = {},
): Promise<UploadingClient> {
  const folder = await tempFolder('go-sendxmpp')
  const jid = `go-sendxmpp@${host.domain}`
  const configFile = join(folder.path, 'sendxmpprc')
  const config = [`username: ${jid}`, `jserver: 127.0.0.1:${host.port}`, `password: ${PASSWORD}`]
  await writeFile(configFile, `${config.join('\n')}\n`, { mode: 0o600 })
  return {
    jid,
    // What it prints is in the error of a failed upload.
    log: async () => '',
    async upload(path, to) {
      const args = ['-n', '-f', configFile, '-h', path, to]
      await run('go-sendxmpp', args, { env: { ...process.env, ...env }, timeout: 60_000 })
    },
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}
