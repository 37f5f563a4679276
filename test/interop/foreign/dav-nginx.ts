import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'
import { freePort } from '../free-ports.ts'
import { startProgram } from '../running-program.ts'
import { tempFolder } from '../temp-folder.ts'
import { type ForeignServer, downloaded } from './foreign-server.ts'

/** nginx that takes files by WebDAV, from anybody, to any path. */
export async function startDavNginx(): Promise<ForeignServer> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('dav')).path
  const port = await freePort()
  const configFile = join(folder, 'nginx.conf')
  await mkdir(join(folder, 'files'))
  await writeFile(configFile, configText(folder, port))
  const program = stack.use(startProgram('nginx', ['-p', folder, '-c', configFile]))
  const origin = `http://127.0.0.1:${port}`
  await eventually('nginx listens', async () => (await fetch(origin)).status)
  let slots = 0
  const running = stack.move()
  return {
    face: 'plain',
    port,
    async slot() {
      slots += 1
      const url = `${origin}/slot-${slots}/film.mp4`
      return { put: url, get: url }
    },
    published: downloaded,
    log: program.log,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

function configText(folder: string, port: number): string {
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  scgi_temp_path ${folder}/scgi;
  uwsgi_temp_path ${folder}/uwsgi;
  server {
    listen 127.0.0.1:${port};
    root ${folder}/files;
    client_max_body_size 0;
    location / { dav_methods PUT; create_full_put_path on; }
  }
}
`
}
