import type { ProxySite } from './proxy-site.ts'

/**
 * A Caddyfile for one site. Caddy streams bodies by itself and sets `X-Forwarded-For`; `flush_interval -1`
 * passes answers on as they come. Its log leaves out the query, in which old schemes carry their credential.
 */
export function caddyfile(site: ProxySite): string {
  const { tls } = site
  const scheme = tls ? 'https' : 'http'
  return `
{
	admin off
	auto_https disable_redirects
}
${scheme}://${site.host}:${site.port} {
	bind 127.0.0.1
	${tls ? `tls ${tls.certFile} ${tls.keyFile}` : ''}
	handle ${site.prefix}* {
		reverse_proxy ${site.upstream} {
			flush_interval -1
		}
	}
	log {
		format filter {
			wrap json
			fields {
				request>uri regexp "(\\?.*$|(/-/(uploads|put)/).*$)" "$2"
			}
		}
	}
}
`
}
