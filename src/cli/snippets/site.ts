import { isIP } from 'node:net'
import { isLoopbackHost } from '../../core/listen-address.ts'

/** What the snippets for other programs are filled in with. */
export interface Site {
  /** Ends in a slash. */
  readonly publicUrl: URL
  /** Shared with the XMPP server, or a text that says where to find it. */
  readonly secret: string
  /** Where a proxy reaches us: `127.0.0.1:5050` or `unix:/path`. */
  readonly upstream: string
  /** Largest file accepted, in bytes. */
  readonly maxFileSize: number
}

/** A piece of another program's configuration. */
export interface Snippet {
  /** For whom it is, e.g. `Prosody, mod_http_file_share`. */
  readonly title: string
  /** Where it goes and what else is to be done, one line. */
  readonly note: string
  readonly language: string
  readonly text: string
}

/** Stands where the operator's domain is to be written. */
export const YOUR_DOMAIN = 'REPLACE-BY-YOUR-XMPP-DOMAIN'

/**
 * The host name under which the XMPP server announces uploads, made of the public one. An address
 * and `localhost` are no part of any: then {@link YOUR_DOMAIN} says what is to be filled in.
 */
export function componentName(site: Site): string {
  if (!hasDomain(site)) return `upload.${YOUR_DOMAIN}`
  const { hostname } = site.publicUrl
  return hostname.startsWith('upload.') ? hostname : `upload.${hostname}`
}

/** Whether the public URL has a name that others can use. */
export function hasDomain({ publicUrl: { hostname } }: Site): boolean {
  return !isLoopbackHost(hostname) && isIP(hostname.replace(/^\[|\]$/gu, '')) === 0
}
