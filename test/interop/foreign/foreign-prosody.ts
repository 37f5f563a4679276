import { freePorts } from '../free-ports.ts'
import { startProsodyProgram } from '../prosody-program.ts'
import { type ForeignServer, downloaded } from './foreign-server.ts'
import { slotsOf } from './xmpp-slots.ts'

const DOMAIN = 'prosody.test'

/** Prosody with its own store, `mod_http_file_share`; slots are asked for by XMPP. */
export async function startForeignProsody(): Promise<ForeignServer> {
  await using stack = new AsyncDisposableStack()
  const [c2s = 0, http = 0] = await freePorts(2)
  const { program, caFile } = stack.use(
    await startProsodyProgram({
      name: 'foreign-prosody',
      domains: [DOMAIN],
      port: c2s,
      service: 'http',
      config: () => configText(http),
    }),
  )
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

function configText(http: number): string {
  return `http_ports = { ${http} }; http_interfaces = { "127.0.0.1" }
http_default_host = "upload.${DOMAIN}"
http_external_url = "http://127.0.0.1:${http}/"
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "ping" }
authentication = "internal_plain"

VirtualHost "${DOMAIN}"
Component "upload.${DOMAIN}" "http_file_share"`
}
