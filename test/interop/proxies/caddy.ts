import { caddy } from '../../../src/cli/snippets/proxies.ts'
import { fitted } from '../fitted-snippet.ts'
import { frontUrl, type ProxySite } from './proxy-site.ts'

/** A whole Caddyfile around the snippet that `init` prints. */
export function caddyfile(site: ProxySite): string {
  const { certFile, keyFile } = site.certificate
  const snippet = caddy({
    publicUrl: new URL(frontUrl(site)),
    upstream: site.upstream,
    secret: '',
    maxFileSize: 0,
  })
  const block = fitted(snippet.text, {
    'localhost {': `https://localhost:${site.port} {
	bind 127.0.0.1
	tls ${certFile} ${keyFile}`,
    'log {': `log {
		output file ${site.folder}/access.log`,
  })
  // Asked to stop, Caddy would wait for requests over connections that are dead, for as long as it is let.
  return `
{
	admin off
	grace_period 1s
	auto_https disable_redirects
}
${block}
`
}
