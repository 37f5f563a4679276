import { nginx } from '../../../src/cli/snippets/proxies.ts'
import { fitted } from '../fitted-snippet.ts'
import { frontUrl, type ProxySite } from './proxy-site.ts'

/** Lets nginx send published files itself, on the word of `X-Accel-Redirect`. */
export interface Accel {
  /** An internal location, with both slashes. */
  readonly prefix: string
  /** The folder where our server keeps files. */
  readonly files: string
}

/** A whole `nginx.conf` around the snippet that `init` prints. */
export function nginxConfig(site: ProxySite, accel?: Accel): string {
  const { port, folder, certificate } = site
  const snippet = nginx({
    publicUrl: new URL(frontUrl(site)),
    upstream: site.upstream,
    secret: '',
    maxFileSize: 0,
  })
  const server = fitted(snippet.text, {
    'listen 443 ssl;': `listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${certificate.certFile};
    ssl_certificate_key ${certificate.keyFile};
    ${accel ? accelLocation(accel) : ''}`,
    'listen [::]:443 ssl;': '',
    '/var/log/nginx/upload.log': `${folder}/access.log`,
  })
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  scgi_temp_path ${folder}/scgi;
  uwsgi_temp_path ${folder}/uwsgi;
${server}
}
`
}

function accelLocation({ prefix, files }: Accel): string {
  return `location ${prefix} { internal; alias ${files}/; }`
}
