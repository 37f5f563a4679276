import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { externalV2, writeAccounts } from './prosody.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { accountOf, tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'
import { ACCOUNTS } from './xmpp-server.ts'

/** Its only domain. */
export const DOMAIN = 'chat.test'

/** A Prosody that browsers log in to, and that serves them a folder. */
export interface WebProsody extends AsyncDisposable {
  /** Where it serves the folder, and WebSocket. */
  readonly port: number
  readonly program: RunningProgram
}

/**
 * Starts Prosody with WebSocket (RFC 7395) and the files of `site`; its accounts have each other as contacts, and get
 * slots below `uploadUrl` (final slash).
 */
export async function startWebProsody(uploadUrl: string, site: string): Promise<WebProsody> {
  await using stack = new AsyncDisposableStack()
  const owner = accountOf('prosody')
  const folder = stack.use(await tempFolder('web-prosody', owner)).path
  const [c2s = 0, http = 0] = await freePorts(2)
  const data = join(folder, 'data')
  const accounts = await writeAccounts(data, DOMAIN)
  // At the first login, Prosody replaces a password by a salted hash: by that, a browser logs in again by itself.
  for (const path of [data, accounts]) await chown(path, owner.uid, owner.gid)
  await writeFile(join(folder, 'groups.txt'), groupText())
  const ca = await throwawayCa(folder)
  const { keyFile, certFile } = await ca.issue([DOMAIN])
  const configFile = join(folder, 'prosody.cfg.lua')
  await writeFile(configFile, configText({ folder, site, c2s, http, uploadUrl, keyFile, certFile }))
  const program = stack.use(startProgram('prosody', ['-F', '--config', configFile], owner))
  await program.line(/Activated service 'http'/)
  const running = stack.move()
  return {
    port: http,
    program,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** A group of which everybody is a member: contacts without any request (`mod_groups`). */
function groupText(): string {
  return ['[Everybody]', ...ACCOUNTS.map((name) => `${name}@${DOMAIN}`), ''].join('\n')
}

function configText(needs: {
  folder: string
  site: string
  c2s: number
  http: number
  uploadUrl: string
  keyFile: string
  certFile: string
}): string {
  const { folder } = needs
  return `
data_path = "${folder}/data"
plugin_paths = { "/usr/lib/prosody/modules" }
certificates = "${folder}"
interfaces = { "127.0.0.1" }; local_interfaces = { "127.0.0.1" }
c2s_ports = { ${needs.c2s} }; c2s_direct_tls_ports = {}; s2s_ports = {}
http_ports = { ${needs.http} }; http_interfaces = { "127.0.0.1" }; https_ports = {}
http_default_host = "${DOMAIN}"
http_paths = { files = "/"; websocket = "/xmpp-websocket" }
http_files_dir = "${needs.site}"
groups_file = "${folder}/groups.txt"
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "ping"; "smacks"; "groups"; "websocket"; "http_files" }
modules_disabled = { "s2s"; "offline" }
c2s_require_encryption = false; allow_unencrypted_plain_auth = true
authentication = "internal_hashed"; storage = "internal"
log = { { levels = { min = "info" }, to = "console" } }
ssl = { key = "${needs.keyFile}"; certificate = "${needs.certFile}" }

VirtualHost "${DOMAIN}"
Component "upload.${DOMAIN}" ${externalV2(needs.uploadUrl)}
`
}
