import type { Site, Snippet } from './site.ts'

/** nginx: passes bodies on as they come, and keeps out of its log whatever gives a right to upload. */
export function nginx(site: Site): Snippet {
  const { publicUrl, upstream } = site
  return {
    title: 'nginx',
    note: 'a file in conf.d/; add ssl_certificate and ssl_certificate_key',
    language: 'nginx',
    text: `# The path without the query, which carries the signature, and without names of uploads, which are keys.
map $uri $upload_path {
    ~^(?<upload_place>.*/-/(?:uploads|put)/) $upload_place;
    default $uri;
}
log_format upload '$remote_addr [$time_local] "$request_method $upload_path" $status $body_bytes_sent';

server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name ${publicUrl.hostname};
    access_log /var/log/nginx/upload.log upload;

    location ${publicUrl.pathname} {
        proxy_pass http://${upstream};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        client_max_body_size 0;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_buffer_size 16k;
        proxy_buffers 8 16k;
        client_body_timeout 120s;
        proxy_read_timeout 3600s;
        proxy_send_timeout 3600s;
        send_timeout 300s;
    }
}
`,
  }
}

/** Where nginx finds published files by itself. */
export interface FilesLocation {
  /** `downloads.accel_prefix`: a path of its own below the server's root, with both slashes. */
  readonly prefix: string
  /** The folder of `storage.url`. */
  readonly folder: string
}

/** Fields of ours that nginx drops when it sends a file on the word of `X-Accel-Redirect`. */
const DROPPED_BY_NGINX = [
  'Content-Security-Policy',
  'X-Content-Type-Options',
  'Cross-Origin-Resource-Policy',
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
] as const

/** nginx: sends larger files itself, with what our answer said about them. */
export function nginxFiles({ prefix, folder }: FilesLocation): Snippet {
  const fields = DROPPED_BY_NGINX.map((name) => {
    const ours = `$upstream_http_${name.toLowerCase().replaceAll('-', '_')}`
    return `        add_header ${name} ${ours};\n`
  })
  return {
    title: 'nginx, sending files itself',
    note: `optional; inside server { } above, with downloads.accel = "X-Accel-Redirect" and accel_prefix = "${prefix}"`,
    language: 'nginx',
    text: `    location ${prefix} {
        internal;
        alias ${folder}/;
        sendfile on;
${fields.join('')}    }
`,
  }
}

/** Caddy: certificates come by themselves. */
export function caddy(site: Site): Snippet {
  const { publicUrl, upstream } = site
  const target = upstream.startsWith('unix:') ? upstream.replace('unix:', 'unix/') : upstream
  return {
    title: 'Caddy',
    note: 'Caddyfile',
    language: 'caddyfile',
    text: `${publicUrl.hostname} {
	handle ${publicUrl.pathname}* {
		reverse_proxy ${target} {
			flush_interval -1
		}
	}
	log {
		format filter {
			wrap json
			fields {
				request>uri regexp ([?]|/-/uploads/|/-/put/).* ?hidden
			}
		}
	}
}
`,
  }
}

/** HAProxy: the client is named in X-Forwarded-For. */
export function haproxy(site: Site): Snippet {
  const { publicUrl, upstream } = site
  const target = upstream.startsWith('unix:') ? upstream.replace('unix:', 'unix@') : upstream
  return {
    title: 'HAProxy',
    note: 'haproxy.cfg; crt holds certificate and key',
    language: 'haproxy',
    text: `frontend upload
    mode http
    log global
    bind :443 ssl crt /etc/haproxy/${publicUrl.hostname}.pem alpn h2,http/1.1
    timeout client 10m
    timeout http-request 20s
    # The path without the query, which carries the signature, and without names of uploads, which are keys.
    http-request set-var(txn.path) path,regsub(/-/uploads/.*,/-/uploads/),regsub(/-/put/.*,/-/put/)
    log-format "%ci [%tr] %HM %[var(txn.path)] %ST %B"
    use_backend upload if { hdr(host),host_only -i ${publicUrl.hostname} } { path_beg ${publicUrl.pathname} }

backend upload
    mode http
    option forwardfor
    timeout connect 5s
    timeout server 1h
    server hmac-file-server ${target}
`,
  }
}
