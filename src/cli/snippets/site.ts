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

/** The host name under which the XMPP server announces uploads, made of the public one. */
export function componentName({ publicUrl }: Site): string {
  return publicUrl.hostname.startsWith('upload.')
    ? publicUrl.hostname
    : `upload.${publicUrl.hostname}`
}
