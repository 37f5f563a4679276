import { createHmac } from 'node:crypto'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { randomId } from '../../src/core/random.ts'
import { programPath } from '../packages.ts'
import { freePort, startServer } from '../server-process.ts'
import { CONTENT_TYPE, type PeerSurroundings, type RunningPeer, type Slot } from './peer.ts'
import { serviceAccount } from './service-account.ts'

const HOST = 'upload.localhost'
const SECRET = 'benchmark-secret-of-prosody-0123'

/** Its store takes about 18 MB/s: a larger file would only make the run longer. */
const LARGEST_FILE = 128 * 2 ** 20

function configuration(folder: string, port: number): string {
  return `
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}"
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
http_interfaces = { "127.0.0.1" }
http_ports = { ${port} }
https_ports = {}
http_default_host = "${HOST}"
modules_enabled = {}
modules_disabled = { "s2s"; "c2s"; "offline" }
authentication = "anonymous"
storage = "internal"
log = { { levels = { min = "error" }, to = "file", filename = "${folder}/prosody.log" } }
VirtualHost "localhost"
Component "${HOST}" "http_file_share"
  http_file_share_secret = "${SECRET}"
  http_file_share_size_limit = 2*1024*1024*1024
  http_file_share_daily_quota = 1024*1024*1024*1024
  http_file_share_cache_size = 100000
`
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** The token of mod_http_file_share: HS256 (RFC 7515) over the claims its PUT handler reads. */
function token(slot: string, size: number): string {
  const now = Math.floor(systemClock() / 1000)
  const claims = {
    sub: 'bench@localhost',
    iat: now,
    exp: now + 86_400,
    expires: now + 604_800,
    slot,
    filename: 'file.bin',
    filesize: size,
    filetype: 'application/octet-stream',
  }
  const signed = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

/** Starts Prosody with its own store, mod_http_file_share, without XMPP. */
export async function startProsody(surroundings: PeerSurroundings): Promise<RunningPeer> {
  const { folder, signal } = surroundings
  const program = programPath('prosody')
  const port = await freePort()
  const identity = serviceAccount('prosody')
  const file = path.join(folder, 'prosody.cfg.lua')
  mkdirSync(path.join(folder, 'data'))
  writeFileSync(file, configuration(folder, port))
  if (identity !== undefined) {
    chownSync(folder, identity.uid, identity.gid)
    chownSync(path.join(folder, 'data'), identity.uid, identity.gid)
  }
  const args = ['-F', '--config', file]
  const command = { name: 'prosody', program, args, folder, port, identity }
  const server = await startServer(command, signal)
  return {
    name: 'prosody',
    port,
    pid: server.pid,
    largestFile: LARGEST_FILE,
    files: path.join(
      folder,
      'data',
      encodeURIComponent(HOST).replace('.', '%2e'),
      'http_file_share',
    ),
    servesFiles: true,
    comebacks: ['retry'],
    slots: async (count, size) => Array.from({ length: count }, () => freshSlot(size)),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

function freshSlot(size: number): Slot {
  const slot = randomId(18)
  const url = `/file_share/${slot}/file.bin`
  const authorization = `Authorization: Bearer ${token(slot, size)}`
  return { put: `PUT ${url}\t${CONTENT_TYPE}|${authorization}`, get: `GET ${url}` }
}
