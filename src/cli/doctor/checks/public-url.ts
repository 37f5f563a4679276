import { isLoopbackHost } from '../../../core/listen-address.ts'
import type { Check } from '../check.ts'
import { failed, note, ok } from '../finding.ts'
import { inOurs } from '../remedies.ts'

/** The address that phones are given. */
export const publicUrlCheck: Check = {
  name: 'public-url',
  about: 'the public URL is https, and the one that the server is told',
  needs: [],
  run({ publicUrl, config }) {
    const told = config?.server.publicUrl
    if (told !== undefined && told.href !== publicUrl.href) {
      const text = `the server is told ${told.href}: links and upload resources lead there`
      return Promise.resolve(failed(text, inOurs('server', `public_url = "${publicUrl.href}"`)))
    }
    if (publicUrl.protocol === 'https:') return Promise.resolve(ok(publicUrl.href))
    if (isLoopbackHost(publicUrl.hostname)) {
      return Promise.resolve(note('http on this machine alone: phones need https'))
    }
    const secure = new URL(publicUrl)
    secure.protocol = 'https:'
    const certificate = inOurs(
      'server',
      `public_url = "${secure.href}"`,
      'tls_cert = "/etc/hmac-file-server/cert.pem"  # or a proxy with a certificate',
      'tls_key = "/etc/hmac-file-server/key.pem"',
    )
    const text = 'phones need https: Dino, Gajim and Kaidan refuse slots of plain http, too'
    return Promise.resolve(failed(text, certificate))
  },
}
