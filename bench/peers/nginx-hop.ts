import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { programPath } from '../packages.ts'
import { freePort, type ServerProcess, startServer } from '../server-process.ts'
import { nginxConfiguration } from './nginx-configuration.ts'
import type { PeerSurroundings } from './peer.ts'

/** An nginx that passes requests on. */
export interface Hop {
  /** Distinguishes it from the others of a server. */
  readonly name: string
  /** Where to: a URL as of `proxy_pass`, without a path. */
  readonly upstream: string
  /** Its own listener speaks TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Further parts of its `server` block. */
  readonly besides?: string | undefined
}

/** As the printed snippet sets it up: it keeps no body, and its connections to the server stay open. */
function configuration(folder: string, port: number, hop: Hop): string {
  const [scheme = '', place = ''] = hop.upstream.split('://')
  const { tls, besides = '' } = hop
  const certificate =
    tls === undefined
      ? ''
      : `ssl_certificate ${tls.certFile};\n    ssl_certificate_key ${tls.keyFile};`
  const http = `upstream next { server ${place}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} ${tls === undefined ? '' : 'ssl'} backlog=4096;
    ${certificate}
    location / {
      proxy_pass ${scheme}://next;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
    }
${besides}
  }`
  return nginxConfiguration({ folder, http })
}

/** Starts an nginx that passes requests on, in a folder of its own within that of the server. */
export async function startHop(
  hop: Hop,
  { folder: parent, signal, cores }: PeerSurroundings,
): Promise<ServerProcess> {
  const folder = path.join(parent, hop.name)
  mkdirSync(folder)
  const port = await freePort()
  const file = path.join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, port, hop))
  const args = ['-p', folder, '-e', path.join(folder, 'error.log'), '-c', file]
  const program = programPath('nginx')
  return await startServer(
    { name: `nginx (${hop.name})`, program, args, folder, port, cores },
    signal,
  )
}
