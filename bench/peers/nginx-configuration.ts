import process from 'node:process'

/** What an nginx of the benchmark is asked to do. */
export interface NginxWish {
  /** Of its own. */
  readonly folder: string
  readonly workers?: number
  /** Directives of its `http` block, besides those that all of them have. */
  readonly http: string
}

/** A configuration whose files all lie in its folder, without a log of requests and without limits. */
export function nginxConfiguration({ folder, workers = 1, http }: NginxWish): string {
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes ${workers};
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 100000000;
  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${http}
}
`
}
