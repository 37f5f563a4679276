export interface HttpTransportOptions {
  /** Sends no faster, in bytes per second. */
  readonly rate?: number
  /** Certificate authorities (PEM) that are trusted instead of those Node.js knows. */
  readonly ca?: string
}
