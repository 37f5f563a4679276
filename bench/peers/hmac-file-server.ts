import { createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { NODE_OPTIONS } from '../../src/cli/node-options.ts'
import { randomId } from '../../src/core/random.ts'
import { startServer } from '../server-process.ts'
import { CONTENT_TYPE, type PeerSurroundings, type RunningPeer } from './peer.ts'

const ENTRY = path.join(import.meta.dirname, '../../bin/hmac-file-server.js')
const LARGEST_FILE = 2 * 2 ** 30

/** How our server is set up for a benchmark. */
export interface OwnSettings {
  /** `never` as the peers do, `ack` where durability is part of what is measured. */
  readonly fsync: 'ack' | 'never'
  /** Options as after `--set`, in addition. */
  readonly set?: readonly string[]
  /** Header lines that every PUT brings besides. */
  readonly fields?: readonly string[]
  /** Options of Node.js; absent: those of `npm start`. */
  readonly node?: readonly string[]
}

/** Our server, running; it can also sign for a path of the caller's. */
export interface OwnPeer extends RunningPeer {
  /** Path and query of a slot for `size` bytes, signed with scheme v1. */
  sign(slotPath: string, size: number): string
}

/**
 * Everything on that is on in production: signatures, limits, SQLite, audit, metrics. The limits
 * per owner are raised because the whole load comes from one network, which is one owner; the idle
 * limit is long enough that it can save no benchmark.
 */
function configuration(folder: string, needs: OwnNeeds): string {
  const quoted = (file: string): string => JSON.stringify(path.join(folder, file))
  return `
[server]
listen = "127.0.0.1:0"
public_url = "http://127.0.0.1/"
client_address = "peer"
shutdown_grace = "5s"

[grants]
v1_secret = "${needs.secret}"

[storage]
url = ${JSON.stringify(`file:${path.join(folder, 'files')}`)}
fsync = "${needs.fsync}"
max_file_size = "2 GiB"

[session_store]
backend = "sqlite"
path = ${quoted('state.db')}

[limits]
open_uploads_per_owner = 100000
reserved_bytes_per_owner = "1 TiB"

[http]
body_idle = "10m"

[log]
level = "warn"

[audit]
file = ${quoted('audit.jsonl')}

[admin]
listen = "127.0.0.1:0"
`
}

interface OwnNeeds extends OwnSettings {
  readonly secret: string
}

/** Starts our server with the Node.js that runs the benchmark. */
export async function startOwnServer(
  surroundings: PeerSurroundings,
  settings: OwnSettings,
): Promise<OwnPeer> {
  const { folder, signal, cores } = surroundings
  const { set = [], node = NODE_OPTIONS, fields = [] } = settings
  const secret = randomId(32)
  const file = path.join(folder, 'config.toml')
  const files = path.join(folder, 'files')
  mkdirSync(files, { recursive: true })
  const needs = { ...settings, secret }
  writeFileSync(file, configuration(folder, needs), { mode: 0o600 })
  const command = {
    name: 'hmac-file-server',
    program: process.execPath,
    args: [...node, ENTRY, 'serve', '--config', file, ...set.flatMap((each) => ['--set', each])],
    folder,
    cores,
  }
  const server = await startServer(command, signal)
  /** Prosody's external upload v1: HMAC-SHA256 of `path SP size`. */
  const sign = (slotPath: string, size: number): string => {
    const mac = createHmac('sha256', secret).update(`${slotPath} ${size}`).digest('hex')
    return `/${slotPath}?v=${mac}`
  }
  return {
    name: 'hmac-file-server',
    port: server.port,
    pid: server.pid,
    files,
    largestFile: LARGEST_FILE,
    sign,
    servesFiles: true,
    comebacks: ['retry', 'rufh', 'tus'],
    slots: async (count, size) =>
      Array.from({ length: count }, () => {
        const slotPath = `${randomId(15)}/file.bin`
        const put = [`PUT ${sign(slotPath, size)}\t${CONTENT_TYPE}`, ...fields].join('|')
        return { put, get: `GET /${slotPath}` }
      }),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}
