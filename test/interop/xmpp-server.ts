import type { Site } from '../../src/cli/snippets/site.ts'

/** One virtual host of a running XMPP server, with an upload service behind it. */
export interface XmppHost {
  /** How slots of this host are signed, as the test names say it. */
  readonly mode: string
  readonly domain: string
  readonly uploadService: string
  readonly port: number
  /** The authority that issued the server's certificate (PEM). */
  readonly caFile: string
  /** The server's newest lines, for a failed test. */
  readonly log: () => string
}

export interface XmppServer extends AsyncDisposable {
  readonly hosts: readonly XmppHost[]
}

/** The host of a signing mode. Throws if the server has none. */
export function hostOf(server: XmppServer, mode: string): XmppHost {
  const host = server.hosts.find((each) => each.mode === mode)
  if (host === undefined) throw new Error(`There is no host for ${mode}`)
  return host
}

/** What the suites log in as, on every host, all with this password. */
export const PASSWORD = 'secret'
export const ACCOUNTS = ['slixmpp', 'go-sendxmpp', 'profanity', 'reader'] as const

/** What the snippets that operators paste into their XMPP server are filled in with. */
export function siteOf(uploadUrl: string, secret: string): Site {
  return { publicUrl: new URL(uploadUrl), secret, upstream: '', maxFileSize: 200 * 1024 * 1024 }
}
