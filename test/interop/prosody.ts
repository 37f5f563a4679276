import { SECRETS } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { prosodyExternal, prosodyFileShare } from '../../src/cli/snippets/xmpp-servers.ts'
import type { Snippet } from '../../src/cli/snippets/site.ts'
import { fitted } from './fitted-snippet.ts'
import { startProsodyProgram } from './prosody-program.ts'
import { siteOf, type XmppServer } from './xmpp-server.ts'

const MODES = [
  { mode: 'Prosody v1', domain: 'v1.test', component: externalV1 },
  { mode: 'Prosody v2', domain: 'v2.test', component: externalV2 },
  { mode: 'Prosody file_share', domain: 'share.test', component: fileShare },
]

/** A host of it without an upload service. */
export const BARE_DOMAIN = 'bare.test'

/** Where its rooms are (XEP-0045). */
export const ROOMS = 'rooms.v2.test'

/** Prosody with one host per signing mode, all handing out slots below `uploadUrl` (final slash); `env` is added to its process. */
export async function startProsody(
  uploadUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<XmppServer> {
  const port = await freePort()
  const domains = [...MODES.map(({ domain }) => domain), BARE_DOMAIN]
  const config = (): string => configText(uploadUrl)
  const running = await startProsodyProgram({
    name: 'prosody',
    domains,
    port,
    service: 'c2s',
    env,
    config,
  })
  const { caFile, program } = running
  return {
    hosts: MODES.map(({ mode, domain }) => {
      return { mode, domain, uploadService: `upload.${domain}`, port, caFile, log: program.log }
    }),
    [Symbol.asyncDispose]: async () => await running[Symbol.asyncDispose](),
  }
}

function configText(uploadUrl: string): string {
  const hosts = MODES.map(
    ({ domain, component }) => `
VirtualHost "${domain}"
Component "upload.${domain}" ${component(uploadUrl)}`,
  )
  return `http_ports = {}
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "ping"; "time" }
c2s_require_encryption = false; allow_unencrypted_plain_auth = true
authentication = "internal_plain"
${hosts.join('\n')}

VirtualHost "${BARE_DOMAIN}"
Component "${ROOMS}" "muc"`
}

/** The snippet that `init` prints, without its first line: the test's hosts have names of their own. */
function optionsOf(snippet: Snippet): string {
  const [component = '', ...options] = snippet.text.split('\n')
  const module = /"([a-z_]+)"$/.exec(component)?.[1]
  if (module === undefined) throw new Error(`No component: ${snippet.text}`)
  return [`"${module}"`, ...options].join('\n')
}

function externalV1(uploadUrl: string): string {
  const v2 = optionsOf(prosodyExternal(siteOf(uploadUrl, SECRETS.v1)))
  return fitted(v2, { 'protocol = "v2"': 'protocol = "v1"' })
}

/** The component that signs as v2 does, with its options. */
export function externalV2(uploadUrl: string): string {
  return optionsOf(prosodyExternal(siteOf(uploadUrl, SECRETS.v2)))
}

function fileShare(uploadUrl: string): string {
  return optionsOf(prosodyFileShare(siteOf(uploadUrl, SECRETS.jwt)))
}
