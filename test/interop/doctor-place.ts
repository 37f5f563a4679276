import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileServer, startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { startProsody } from './prosody.ts'
import { type ProxySite, frontUrl } from './proxies/proxy-site.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { type Certificate, throwawayCa } from './throwaway-ca.ts'
import { type XmppServer, hostOf } from './xmpp-server.ts'

export const PREFIX = '/upload/'

/** nginx speaks to our server from an address of its own, so that the test is a stranger. */
export const PROXY_ADDRESS = '127.0.0.9'

/** What is wrong: in the certificate, in nginx, behind it, at the XMPP server. */
export interface Planted {
  readonly certificate?: (place: Place) => Certificate
  readonly nginx?: (place: Place) => Readonly<Record<string, string>>
  /** The server of files; without one nothing stands behind nginx. */
  readonly server?: (place: Place) => FileServer | undefined
  /** The mode of the XMPP host that is logged in to; without one nobody logs in. */
  readonly xmpp?: string
  /** Another domain of the same server. */
  readonly domain?: string
  /** The XMPP server; default: the right one. */
  readonly prosody?: (place: Place) => XmppServer
  /** What the host's name leads to. */
  readonly addresses?: readonly string[]
}

/** All that the cases share. */
export interface Place {
  readonly folder: TempFolder
  /** The authorities of the proxies' certificates and of Prosody's, in one file. */
  readonly caFile: string
  readonly port: number
  readonly right: FileServer
  /** Its secrets are others than Prosody's, and `v1` is off. */
  readonly strange: FileServer
  /** Its process takes it to be five minutes later than it is. */
  readonly early: FileServer
  readonly certificates: Readonly<Record<'right' | 'other' | 'expired', Certificate>>
  readonly prosody: XmppServer
  /** Its process takes it to be five minutes earlier than it is. */
  readonly lateProsody: XmppServer
  readonly deadPort: number
}

/** A clock that is five minutes fast, for everything that runs in Node.js and asks it. */
const FAST_CLOCK = {
  NODE_OPTIONS: '--import=data:text/javascript,const{now}=Date;Date.now=()=>now.call(Date)+300000',
}

/** A clock that is five minutes slow, for everything that Lua asks. */
const SLOW_CLOCK = {
  LUA_INIT:
    'local date, time = os.date, os.time; os.date = function(f, t) return date(f, (t or time()) - 300) end',
}

/** Starts everything that the cases share; it ends with the stack. */
export async function openedPlace(stack: AsyncDisposableStack): Promise<Place> {
  const folder = stack.use(await tempFolder('doctor'))
  const port = await freePort()
  const publicUrl = frontUrl({ port, prefix: PREFIX })
  const { caFile: proxyCa, issue } = await throwawayCa(folder.path)
  const server = { trusted_proxies: [`${PROXY_ADDRESS}/32`] }
  const kept = async <T extends AsyncDisposable>(started: Promise<T>): Promise<T> =>
    stack.use(await started)
  const [prosody, lateProsody, right, early] = await Promise.all([
    kept(startProsody(publicUrl)),
    kept(startProsody(publicUrl, SLOW_CLOCK)),
    kept(startFileServer({ publicUrl, config: { server } })),
    kept(startFileServer({ publicUrl, config: { server }, env: FAST_CLOCK })),
  ])
  const theirs = [prosody, lateProsody].map((one) => hostOf(one, 'Prosody v2').caFile)
  const authorities = [proxyCa, ...theirs]
  const caFile = join(folder.path, 'authorities.pem')
  await writeFile(caFile, await textOf(authorities))
  const grants = { v1_secret: undefined, v2_secret: 'another-secret-than-the-one' }
  const strange = stack.use(await startFileServer({ publicUrl, config: { server, grants } }))
  return {
    folder,
    caFile,
    port,
    right,
    strange,
    early,
    certificates: {
      right: await issue(['localhost'], 90),
      other: await issue(['other.test'], 90),
      expired: await issue(['expired.test', 'localhost'], -1),
    },
    prosody,
    lateProsody,
    deadPort: await freePort(),
  }
}

async function textOf(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(async (file) => await readFile(file, 'utf8')))).join('')
}

/** What nginx is told of a case. */
export function siteOf(place: Place, planted: Planted): ProxySite {
  const { certificate = ({ certificates }) => certificates.right } = planted
  return {
    port: place.port,
    upstream: `127.0.0.1:${serverFor(place, planted)?.port ?? place.deadPort}`,
    prefix: PREFIX,
    certificate: certificate(place),
    folder: place.folder.path,
  }
}

/** The server of files of a case; nothing if none stands behind nginx. */
export function serverFor(
  place: Place,
  { server = ({ right }) => right }: Planted,
): FileServer | undefined {
  return server(place)
}
