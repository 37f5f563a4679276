import { showListenAddress } from '../../config/address-kinds.ts'
import type { Config } from '../../config/options.ts'
import { caddy, haproxy, nginx, nginxFiles } from './proxies.ts'
import type { Site, Snippet } from './site.ts'
import { ejabberd, prosodyExternal, prosodyFileShare } from './xmpp-servers.ts'

/** How to connect an XMPP server. */
export function xmppSnippets(site: Site): Snippet[] {
  return [prosodyFileShare(site), prosodyExternal(site), ejabberd(site)]
}

/** How to put a proxy in front. */
export function proxySnippets(site: Site): Snippet[] {
  return [nginx(site), caddy(site), haproxy(site)]
}

/** How to let the proxy send files by itself. */
export function filesSnippets({ storage, downloads }: Config): Snippet[] {
  const { accel, accelPrefix } = downloads
  const prefix = accel === 'X-Accel-Redirect' ? accelPrefix : '/-files/'
  return [nginxFiles({ prefix, folder: storage.url.folder })]
}

/** What a configuration tells other programs. */
export function siteOf({ server, storage }: Config, secret: string): Site {
  const [first] = server.listen.filter(({ kind }) => kind !== 'fd')
  return {
    publicUrl: server.publicUrl,
    secret,
    upstream: first === undefined ? '127.0.0.1:5050' : showListenAddress(first),
    maxFileSize: storage.maxFileSize,
  }
}

/** A snippet with its title, for the terminal. */
export function snippetText({ title, note, text }: Snippet): string {
  return `── ${title}: ${note}\n\n${text}\n`
}
