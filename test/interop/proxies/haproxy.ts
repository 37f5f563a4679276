import type { ProxySite } from './proxy-site.ts'

/**
 * `haproxy.cfg` for one site. HAProxy streams bodies by itself; what matters are the idle limits, the
 * `X-Forwarded-For` header field and a log without the query, in which old schemes carry their credential.
 */
export function haproxyConfig(site: ProxySite & { readonly pemFile?: string }): string {
  const certificate = site.pemFile ? ` ssl crt ${site.pemFile} alpn h2,http/1.1` : ''
  return `
global
  log stdout format raw local0
  maxconn 1000
defaults
  mode http
  log global
  option forwardfor
  timeout connect 5s
  timeout client 120s
  timeout server 150s
frontend upload
  bind 127.0.0.1:${site.port}${certificate}
  http-request set-var(txn.shown) path,regsub(/-/(uploads|put)/.*,/-/\\1/***)
  log-format "%ci [%tr] %HM %[var(txn.shown)] %ST %B"
  use_backend file_server if { path_beg ${site.prefix} }
backend file_server
  server one ${site.upstream}
`
}
