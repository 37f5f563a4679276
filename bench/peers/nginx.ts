import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { randomId } from '../../src/core/random.ts'
import { programPath } from '../packages.ts'
import { freePort, startServer } from '../server-process.ts'
import { nginxConfiguration } from './nginx-configuration.ts'
import { CONTENT_TYPE, type PeerSurroundings, type RunningPeer, type Slot } from './peer.ts'

const LARGEST_FILE = 2 ** 40

/** DAV PUT and static GET with the settings that make both fast; no authorisation, no log. */
function configuration(folder: string, port: number, workers: number): string {
  const http = `sendfile on;
  keepalive_timeout 75s;
  client_body_buffer_size 256k;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/files;
    location / {
      dav_methods PUT;
      create_full_put_path on;
      dav_access user:rw;
    }
  }`
  return nginxConfiguration({ folder, workers, http })
}

/** Starts nginx, with one worker unless told otherwise. */
export async function startNginx(
  surroundings: PeerSurroundings,
  { workers = 1 }: { readonly workers?: number } = {},
): Promise<RunningPeer> {
  const { folder, signal, cores } = surroundings
  const program = programPath('nginx')
  const port = await freePort()
  const files = path.join(folder, 'files')
  const file = path.join(folder, 'nginx.conf')
  mkdirSync(files)
  writeFileSync(file, configuration(folder, port, workers))
  const args = ['-p', folder, '-e', path.join(folder, 'error.log'), '-c', file]
  const command = { name: 'nginx', program, args, folder, port, cores }
  const server = await startServer(command, signal)
  return {
    name: 'nginx',
    port,
    pid: server.pid,
    files,
    largestFile: LARGEST_FILE,
    servesFiles: true,
    comebacks: ['retry'],
    slots: async (count) => Array.from({ length: count }, freshSlot),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

function freshSlot(): Slot {
  const url = `/${randomId(15)}/file.bin`
  return { put: `PUT ${url}\t${CONTENT_TYPE}`, get: `GET ${url}` }
}
