/** A real XMPP client, logged in, that can send a file to somebody. */
export interface UploadingClient extends AsyncDisposable {
  readonly jid: string
  /** Has the client upload the file and send the link to `to`; may resolve before either is done. */
  readonly upload: (path: string, to: string) => Promise<void>
  /** What the client printed, for a failed test. */
  readonly log: () => Promise<string>
}
