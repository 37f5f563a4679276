import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../free-ports.ts'
import { writeAccounts } from '../prosody.ts'
import { startProgram } from '../running-program.ts'
import { accountOf, tempFolder } from '../temp-folder.ts'
import { throwawayCa } from '../throwaway-ca.ts'
import { type ForeignServer, downloaded } from './foreign-server.ts'
import { slotsOf } from './xmpp-slots.ts'

const DOMAIN = 'prosody.test'

/** Prosody with its own store, `mod_http_file_share`; slots are asked for by XMPP. */
export async function startForeignProsody(): Promise<ForeignServer> {
  await using stack = new AsyncDisposableStack()
  const owner = accountOf('prosody')
  const folder = stack.use(await tempFolder('foreign-prosody', owner)).path
  const [c2s = 0, http = 0] = await freePorts(2)
  const data = join(folder, 'data')
  await mkdir(data)
  await chown(data, owner.uid, owner.gid)
  await writeAccounts(data, DOMAIN)
  const ca = await throwawayCa(folder)
  const { keyFile, certFile } = await ca.issue([DOMAIN])
  const configFile = join(folder, 'prosody.cfg.lua')
  await writeFile(configFile, configText({ folder, c2s, http, keyFile, certFile }))
  const program = stack.use(startProgram('prosody', ['-F', '--config', configFile], owner))
  await program.line(/Activated service 'http'/)
  const { caFile } = ca
  const slots = stack.use(await slotsOf({ domain: DOMAIN, port: c2s, caFile }))
  const running = stack.move()
  return {
    face: 'plain',
    port: http,
    slot: slots.slot,
    published: downloaded,
    log: program.log,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

function configText(needs: {
  folder: string
  c2s: number
  http: number
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
http_default_host = "upload.${DOMAIN}"
http_external_url = "http://127.0.0.1:${needs.http}/"
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "ping" }
modules_disabled = { "s2s"; "offline" }
authentication = "internal_plain"; storage = "internal"
log = { { levels = { min = "info" }, to = "console" } }
ssl = { key = "${needs.keyFile}"; certificate = "${needs.certFile}" }

VirtualHost "${DOMAIN}"
Component "upload.${DOMAIN}" "http_file_share"
`
}
