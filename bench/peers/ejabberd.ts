import { chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { programPath } from '../packages.ts'
import { freePort, startServer } from '../server-process.ts'
import { anonymousSlots } from './anonymous-slots.ts'
import type { PeerSurroundings, RunningPeer } from './peer.ts'
import { serviceAccount } from './service-account.ts'

const DOMAIN = 'ejabberd.localhost'
const LARGEST_FILE = 2 ** 40

/** Debian's resolver settings for Erlang, which its control script insists on. */
const RESOLVER = '/etc/ejabberd/inetrc'

interface Ports {
  readonly http: number
  readonly xmpp: number
  readonly distribution: number
}

/** A listener of its own for uploads; with the usual backlog of five, clients that come together are reset. */
function configuration(folder: string, { http, xmpp }: Ports): string {
  return `
hosts: ["${DOMAIN}"]
loglevel: error
acme: {auto: false}
auth_method: anonymous
anonymous_protocol: sasl_anon
listen:
  - {port: ${xmpp}, ip: "127.0.0.1", module: ejabberd_c2s, access: all}
  - {port: ${http}, ip: "127.0.0.1", module: ejabberd_http, backlog: 4096, request_handlers: {/upload: mod_http_upload}}
modules:
  mod_disco: {}
  mod_http_upload:
    host: upload.${DOMAIN}
    access: all
    max_size: infinity
    put_url: "http://127.0.0.1:${http}/upload"
    docroot: ${JSON.stringify(path.join(folder, 'files'))}
`
}

/** A fixed distribution port does without epmd, the daemon that Erlang otherwise leaves behind. */
function controlSettings({ distribution }: Ports): string {
  return `INET_DIST_INTERFACE=127.0.0.1
ERL_DIST_PORT=${distribution}
ERLANG_NODE=bench${distribution}@localhost
`
}

/** Writes all that ejabberd reads, and makes the folders that it writes to. */
function furnish(folder: string, ports: Ports): void {
  const inFolder = (name: string): string => path.join(folder, name)
  const identity = serviceAccount('ejabberd')
  for (const name of ['logs', 'spool', 'files']) mkdirSync(inFolder(name))
  writeFileSync(inFolder('ejabberd.yml'), configuration(folder, ports))
  writeFileSync(inFolder('ejabberdctl.cfg'), controlSettings(ports))
  copyFileSync(RESOLVER, inFolder('inetrc'))
  if (identity === undefined) return
  for (const name of ['.', 'logs', 'spool', 'files', 'inetrc']) {
    chownSync(inFolder(name), identity.uid, identity.gid)
  }
}

function argumentsFor(folder: string): string[] {
  const inFolder = (name: string): string => path.join(folder, name)
  const places = {
    '--config-dir': folder,
    '--config': inFolder('ejabberd.yml'),
    '--ctl-config': inFolder('ejabberdctl.cfg'),
    '--logs': inFolder('logs'),
    '--spool': inFolder('spool'),
  }
  return [...Object.entries(places).flat(), 'foreground']
}

/** Starts ejabberd with its own store, mod_http_upload; it gives its slots by XMPP only, so that is how we ask. */
export async function startEjabberd(surroundings: PeerSurroundings): Promise<RunningPeer> {
  const { folder, signal, cores } = surroundings
  await using starting = new AsyncDisposableStack()
  const control = programPath('ejabberdctl')
  const ports = { http: await freePort(), xmpp: await freePort(), distribution: await freePort() }
  furnish(folder, ports)
  const command = {
    name: 'ejabberd',
    program: programPath('env'),
    args: [`HOME=${folder}`, control, ...argumentsFor(folder)],
    folder,
    port: ports.xmpp,
    identity: serviceAccount('ejabberd'),
    cores,
  }
  const server = starting.use(await startServer(command, signal))
  const asking = starting.use(await anonymousSlots({ domain: DOMAIN, port: ports.xmpp }, signal))
  const running = starting.move()
  return {
    name: 'ejabberd',
    port: ports.http,
    pid: server.pid,
    files: path.join(folder, 'files'),
    largestFile: LARGEST_FILE,
    servesFiles: true,
    comebacks: ['retry'],
    slots: asking.slots,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}
