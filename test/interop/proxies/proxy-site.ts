/** What a reverse proxy in front of our server has to know. */
export interface ProxySite {
  /** Host name and port of the front, as links name it. */
  readonly host: string
  readonly port: number
  /** Our server's `host:port`. */
  readonly upstream: string
  /** The path that belongs to our server, with both slashes: the path of its `public_url`. */
  readonly prefix: string
  /** Certificate and key (PEM); none makes a plain http front. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
}
