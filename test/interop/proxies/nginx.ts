import { type FilesLocation, nginx, nginxFiles } from '../../../src/cli/snippets/proxies.ts'
import { fitted } from '../fitted-snippet.ts'
import { frontUrl, type ProxySite } from './proxy-site.ts'

/** A whole `nginx.conf` around the snippets that `init` prints; with `files` nginx sends them itself. */
export function nginxConfig(site: ProxySite, files?: FilesLocation): string {
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
    ${files ? nginxFiles(files).text : ''}`,
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
