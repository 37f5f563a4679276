import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { SECRETS } from './file-server.ts'
import { freePorts } from './free-ports.ts'
import { startProgram } from './running-program.ts'
import { ejabberd as ejabberdSnippet } from '../../src/cli/snippets/xmpp-servers.ts'
import { accountOf, tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'
import { ACCOUNTS, PASSWORD, siteOf, type XmppServer } from './xmpp-server.ts'

const DOMAIN = 'ejabberd.test'
const UPLOAD_SERVICE = `upload.${DOMAIN}`

/** ejabberd with `external_secret`, handing out slots below `uploadUrl` (final slash). */
export async function startEjabberd(uploadUrl: string): Promise<XmppServer> {
  return await startWith(() => externalStore(uploadUrl))
}

/** ejabberd with a store of its own. */
export async function startOwnEjabberd(): Promise<XmppServer> {
  return await startWith(ownStore)
}

/** What the module for uploads is configured by. */
interface Place {
  readonly folder: string
  readonly httpPort: number
}

async function startWith(uploadModule: (place: Place) => string): Promise<XmppServer> {
  await using stack = new AsyncDisposableStack()
  const owner = accountOf('ejabberd')
  const folder = stack.use(await tempFolder('ejabberd', owner))
  const [port = 0, apiPort = 0, distributionPort = 0] = await freePorts(3)
  const ca = await throwawayCa(folder.path)
  const { keyFile, certFile } = await ca.issue([DOMAIN])
  const pemFile = join(folder.path, 'ejabberd.pem')
  await writeFile(pemFile, `${await readFile(keyFile, 'utf8')}${await readFile(certFile, 'utf8')}`)
  await writeFile(
    join(folder.path, 'ejabberd.yml'),
    configText({
      port,
      apiPort,
      pemFile,
      upload: uploadModule({ folder: folder.path, httpPort: apiPort }),
    }),
  )
  await writeFile(join(folder.path, 'ejabberdctl.cfg'), controlText(distributionPort))
  await copyFile('/etc/ejabberd/inetrc', join(folder.path, 'inetrc'))
  await chmod(join(folder.path, 'inetrc'), 0o644)
  for (const name of ['logs', 'spool']) await mkdir(join(folder.path, name), { mode: 0o777 })
  for (const name of ['logs', 'spool']) await chmod(join(folder.path, name), 0o777)
  const program = stack.use(
    startProgram('ejabberdctl', [...folders(folder.path), 'foreground'], {
      ...owner,
      env: { HOME: folder.path },
    }),
  )
  await registerAccounts(apiPort)
  const running = stack.move()
  return {
    hosts: [
      {
        mode: 'ejabberd',
        domain: DOMAIN,
        uploadService: UPLOAD_SERVICE,
        port,
        caFile: ca.caFile,
        log: program.log,
      },
    ],
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

function folders(folder: string): string[] {
  const inFolder = (name: string): string => join(folder, name)
  return Object.entries({
    '--config-dir': folder,
    '--config': inFolder('ejabberd.yml'),
    '--ctl-config': inFolder('ejabberdctl.cfg'),
    '--logs': inFolder('logs'),
    '--spool': inFolder('spool'),
  }).flat()
}

/** A fixed distribution port does without epmd, the daemon that Erlang otherwise leaves behind. */
function controlText(distributionPort: number): string {
  return `INET_DIST_INTERFACE=127.0.0.1
ERL_DIST_PORT=${distributionPort}
ERLANG_NODE=interop${distributionPort}@localhost
`
}

function externalStore(uploadUrl: string): string {
  const { text } = ejabberdSnippet(siteOf(uploadUrl, SECRETS.v1))
  return text.replace(/host: .*/, `host: ${UPLOAD_SERVICE}`)
}

function ownStore({ folder, httpPort }: Place): string {
  return `  mod_http_upload:
    host: ${UPLOAD_SERVICE}
    put_url: "http://127.0.0.1:${httpPort}/upload"
    docroot: "${folder}/spool/upload"
`
}

function configText(needs: {
  port: number
  apiPort: number
  pemFile: string
  upload: string
}): string {
  return `
hosts: ["${DOMAIN}"]
loglevel: info
certfiles: ["${needs.pemFile}"]
listen:
  - {port: ${needs.port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, access: all}
  - {port: ${needs.apiPort}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {/api: mod_http_api, /upload: mod_http_upload}}
auth_password_format: scram
acme: {auto: false}
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}}
api_permissions: {"test setup": {from: [mod_http_api], who: {ip: "127.0.0.1/8"}, what: [register]}}
modules:
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  mod_http_api: {}
${needs.upload}`
}

async function registerAccounts(apiPort: number): Promise<void> {
  for (const user of ACCOUNTS) {
    const body = JSON.stringify({ user, host: DOMAIN, password: PASSWORD })
    await eventually(`ejabberd registers ${user}`, async () => {
      const answer = await fetch(`http://127.0.0.1:${apiPort}/api/register`, {
        method: 'POST',
        body,
      })
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
      return await answer.text()
    })
  }
}
