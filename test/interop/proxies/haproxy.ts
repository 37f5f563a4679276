import { haproxy } from '../../../src/cli/snippets/proxies.ts'
import { fitted } from '../fitted-snippet.ts'
import { frontUrl, type ProxySite } from './proxy-site.ts'

/** A whole `haproxy.cfg` around the snippet that `init` prints; `pemFile` holds certificate and key. */
export function haproxyConfig(site: ProxySite, pemFile: string): string {
  const snippet = haproxy({
    publicUrl: new URL(frontUrl(site)),
    upstream: site.upstream,
    secret: '',
    maxFileSize: 0,
  })
  const sections = fitted(snippet.text, {
    'bind :443': `bind 127.0.0.1:${site.port}`,
    '/etc/haproxy/localhost.pem': pemFile,
  })
  return `
global
  log stdout format raw local0
  maxconn 1000
defaults
  log global
${sections}
`
}
