import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { programPath } from '../packages.ts'
import { freePort, startServer } from '../server-process.ts'
import { startOwnServer } from './hmac-file-server.ts'
import type { PeerSurroundings, RunningPeer } from './peer.ts'

/** nginx as the printed snippet sets it up: it keeps no body, and its connections to the server stay open. */
function configuration(folder: string, port: number, behind: number): string {
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream own { server 127.0.0.1:${behind}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://own;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
}
`
}

/** Our server with nginx in front of it; what is accounted for is our process alone. */
export async function startFronted(surroundings: PeerSurroundings): Promise<RunningPeer> {
  const { folder, signal, cores } = surroundings
  await using opening = new AsyncDisposableStack()
  const own = opening.use(await startOwnServer(surroundings, { fsync: 'never' }))
  const front = path.join(folder, 'front')
  mkdirSync(front)
  const port = await freePort()
  const file = path.join(front, 'nginx.conf')
  writeFileSync(file, configuration(front, port, own.port))
  const args = ['-p', front, '-e', path.join(front, 'error.log'), '-c', file]
  const program = programPath('nginx')
  const command = { name: 'nginx in front', program, args, folder: front, port, cores }
  opening.use(await startServer(command, signal))
  const opened = opening.move()
  return { ...own, port, [Symbol.asyncDispose]: async () => await opened.disposeAsync() }
}
