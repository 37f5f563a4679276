import type { ProxySite } from './proxy-site.ts'

export interface NginxSite extends ProxySite {
  /** Folder for its pid file, temporary files and log. */
  readonly folder: string
  /** Lets nginx send published files itself, on the word of `X-Accel-Redirect`. */
  readonly accel?: { readonly prefix: string; readonly files: string }
}

/**
 * `nginx.conf` for one site. What matters: bodies are not buffered (a client that vanishes would take
 * with it all that nginx still holds), no size limit of nginx's own, HTTP/1.1 and a long patience to the
 * upstream, and a log without the query, in which old schemes carry their credential.
 */
export function nginxConfig(site: NginxSite): string {
  const { folder, tls, accel } = site
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  types { }
  default_type application/octet-stream;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  scgi_temp_path ${folder}/scgi;
  uwsgi_temp_path ${folder}/uwsgi;
  ${logMasking(folder)}
  server {
    listen 127.0.0.1:${site.port}${tls ? ' ssl http2' : ''};
    server_name ${site.host};
    ${tls ? `ssl_certificate ${tls.certFile};\n    ssl_certificate_key ${tls.keyFile};` : ''}
    ${nginxLocation(site)}
    ${accel ? accelLocation(accel) : ''}
  }
}
`
}

/** The block that an operator pastes into a server of their own. */
export function nginxLocation(site: Pick<ProxySite, 'prefix' | 'upstream'>): string {
  return `location ${site.prefix} {
      proxy_pass http://${site.upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off;
      proxy_buffering off;
      client_max_body_size 0;
      client_body_timeout 120s;
      proxy_read_timeout 150s;
      proxy_send_timeout 150s;
    }`
}

function logMasking(folder: string): string {
  return `map $uri $shown_uri {
    ~^(?<before>.*/-/(uploads|put)/) "\${before}***";
    default $uri;
  }
  log_format without_credentials '$remote_addr [$time_iso8601] "$request_method $shown_uri" $status $body_bytes_sent';
  access_log ${folder}/access.log without_credentials;`
}

function accelLocation(accel: { prefix: string; files: string }): string {
  return `location ${accel.prefix} {
      internal;
      alias ${accel.files}/;
    }`
}
