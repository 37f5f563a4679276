import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SECRETS } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { startProgram } from './running-program.ts'
import { prosodyExternal, prosodyFileShare } from '../../src/cli/snippets/xmpp-servers.ts'
import type { Snippet } from '../../src/cli/snippets/site.ts'
import { fitted } from './fitted-snippet.ts'
import { accountOf, tempFolder } from './temp-folder.ts'
import { type Certificate, throwawayCa } from './throwaway-ca.ts'
import { ACCOUNTS, PASSWORD, siteOf, type XmppServer } from './xmpp-server.ts'

const MODES = [
  { mode: 'Prosody v1', domain: 'v1.test', component: externalV1 },
  { mode: 'Prosody v2', domain: 'v2.test', component: externalV2 },
  { mode: 'Prosody file_share', domain: 'share.test', component: fileShare },
]

/** A host of it without an upload service. */
export const BARE_DOMAIN = 'bare.test'

/** Where its rooms are (XEP-0045). */
export const ROOMS = 'rooms.v2.test'

/** Prosody with one host per signing mode, all handing out slots below `uploadUrl` (final slash). */
export async function startProsody(uploadUrl: string): Promise<XmppServer> {
  await using stack = new AsyncDisposableStack()
  const owner = accountOf('prosody')
  const folder = stack.use(await tempFolder('prosody', owner))
  const port = await freePort()
  const data = join(folder.path, 'data')
  for (const { domain } of MODES) await writeAccounts(data, domain)
  await writeAccounts(data, BARE_DOMAIN)
  await chown(data, owner.uid, owner.gid)
  const ca = await throwawayCa(folder.path)
  const certificate = await ca.issue([...MODES.map(({ domain }) => domain), BARE_DOMAIN])
  const configFile = join(folder.path, 'prosody.cfg.lua')
  await writeFile(configFile, configText({ folder: folder.path, port, certificate, uploadUrl }))
  const program = stack.use(startProgram('prosody', ['-F', '--config', configFile], owner))
  await program.line(/Activated service 'c2s'/)
  const running = stack.move()
  return {
    hosts: MODES.map(({ mode, domain }) => {
      const { caFile } = ca
      return { mode, domain, uploadService: `upload.${domain}`, port, caFile, log: program.log }
    }),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** Accounts as `internal_plain` keeps them: quicker than one `prosodyctl` after another. Returns their folder. */
export async function writeAccounts(data: string, domain: string): Promise<string> {
  const accounts = join(data, domain.replaceAll('.', '%2e'), 'accounts')
  await mkdir(accounts, { recursive: true })
  for (const name of ACCOUNTS) {
    const file = join(accounts, `${name.replaceAll('-', '%2d')}.dat`)
    await writeFile(file, `return { ["password"] = "${PASSWORD}"; };\n`)
  }
  return accounts
}

function configText(needs: {
  folder: string
  port: number
  certificate: Certificate
  uploadUrl: string
}): string {
  const { folder, certificate } = needs
  const hosts = MODES.map(
    ({ domain, component }) => `
VirtualHost "${domain}"
Component "upload.${domain}" ${component(needs.uploadUrl)}`,
  )
  return `
data_path = "${folder}/data"
plugin_paths = { "/usr/lib/prosody/modules" }
certificates = "${folder}"
interfaces = { "127.0.0.1" }; local_interfaces = { "127.0.0.1" }
c2s_ports = { ${needs.port} }; c2s_direct_tls_ports = {}; s2s_ports = {}
http_ports = {}; https_ports = {}
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "ping"; "time" }
modules_disabled = { "s2s"; "offline" }
c2s_require_encryption = false; allow_unencrypted_plain_auth = true
authentication = "internal_plain"; storage = "internal"
log = { { levels = { min = "info" }, to = "console" } }
ssl = { key = "${certificate.keyFile}"; certificate = "${certificate.certFile}" }
${hosts.join('\n')}

VirtualHost "${BARE_DOMAIN}"
Component "${ROOMS}" "muc"
`
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
