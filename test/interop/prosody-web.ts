import { freePorts } from './free-ports.ts'
import { externalV2 } from './prosody.ts'
import { startProsodyProgram } from './prosody-program.ts'
import type { RunningProgram } from './running-program.ts'
import { ACCOUNTS } from './xmpp-server.ts'

/** Its only domain. */
export const DOMAIN = 'chat.test'

/** A Prosody that browsers log in to, and that serves them a folder. */
export interface WebProsody extends AsyncDisposable {
  /** Where it serves the folder, WebSocket and BOSH. */
  readonly port: number
  readonly program: RunningProgram
}

/**
 * Starts Prosody with WebSocket (RFC 7395), BOSH (XEP-0124) and the files of `site`; its accounts have each other as contacts, and get
 * slots below `uploadUrl` (final slash).
 */
export async function startWebProsody(uploadUrl: string, site: string): Promise<WebProsody> {
  const [c2s = 0, http = 0] = await freePorts(2)
  const running = await startProsodyProgram({
    name: 'web-prosody',
    domains: [DOMAIN],
    port: c2s,
    service: 'http',
    files: { [GROUPS]: groupText() },
    config: (folder) => configText({ folder, site, http, uploadUrl }),
  })
  return {
    port: http,
    program: running.program,
    [Symbol.asyncDispose]: async () => await running[Symbol.asyncDispose](),
  }
}

const GROUPS = 'groups.txt'

/** A group of which everybody is a member: contacts without any request (`mod_groups`). */
function groupText(): string {
  return ['[Everybody]', ...ACCOUNTS.map((name) => `${name}@${DOMAIN}`), ''].join('\n')
}

function configText(needs: {
  folder: string
  site: string
  http: number
  uploadUrl: string
}): string {
  return `http_ports = { ${needs.http} }; http_interfaces = { "127.0.0.1" }
http_default_host = "${DOMAIN}"
http_paths = { files = "/"; websocket = "/xmpp-websocket"; bosh = "/http-bind" }
http_files_dir = "${needs.site}"
groups_file = "${needs.folder}/${GROUPS}"
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "ping"; "smacks"; "groups"; "pep"; "websocket"; "bosh"; "http_files" }
c2s_require_encryption = false; allow_unencrypted_plain_auth = true
authentication = "internal_hashed"

VirtualHost "${DOMAIN}"
Component "upload.${DOMAIN}" ${externalV2(needs.uploadUrl)}`
}
