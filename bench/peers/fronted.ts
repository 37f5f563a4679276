import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nginxFiles } from '../../src/cli/snippets/proxies.ts'
import { startOwnServer } from './hmac-file-server.ts'
import { startHop } from './nginx-hop.ts'
import type { PeerSurroundings, RunningPeer } from './peer.ts'

/** How nginx stands in front of our server. */
export interface FrontSettings {
  /** It reaches the server by a UNIX socket, else by TCP. */
  readonly byUnixSocket?: boolean
  /** It sends large files itself (`downloads.accel`). */
  readonly isSendingFiles?: boolean
  /** Names of the loads that this makes sense for; absent: all. */
  readonly only?: readonly string[]
}

const FILES_PREFIX = '/-files/'

const ACCELERATION = [
  'downloads.accel=X-Accel-Redirect',
  `downloads.accel_prefix=${FILES_PREFIX}`,
] as const

/** Our server with nginx in front of it, on the same core; both are accounted for. */
export async function startFronted(
  surroundings: PeerSurroundings,
  settings: FrontSettings = {},
): Promise<RunningPeer> {
  const { byUnixSocket = false, isSendingFiles = false, only } = settings
  await using opening = new AsyncDisposableStack()
  // Not in the server's folder: the path of a socket has 107 bytes at most (unix(7)).
  const sockets = opening.use(mkdtempDisposableSync(path.join(tmpdir(), 'hfs-bench-')))
  const socket = `unix:${path.join(sockets.path, 'socket')}`
  const set = [
    ...(byUnixSocket ? [`server.listen=127.0.0.1:0,${socket}`] : []),
    ...(isSendingFiles ? ACCELERATION : []),
  ]
  const own = opening.use(await startOwnServer(surroundings, { fsync: 'never', set }))
  const upstream = `http://${byUnixSocket ? socket : `127.0.0.1:${own.port}`}`
  const files = nginxFiles({ prefix: FILES_PREFIX, folder: own.files }).text
  const besides = isSendingFiles ? files : ''
  const front = opening.use(await startHop({ name: 'front', upstream, besides }, surroundings))
  const opened = opening.move()
  return {
    ...own,
    port: front.port,
    proxies: [front.pid],
    ...(only === undefined ? {} : { only }),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  }
}
