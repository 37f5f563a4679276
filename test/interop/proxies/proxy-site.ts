import type { Certificate } from '../throwaway-ca.ts'

/** A test's front: where it listens, what it hides, and a folder for what the proxy writes. */
export interface ProxySite {
  readonly port: number
  /** Our server's `host:port`. */
  readonly upstream: string
  /** The path that belongs to our server, with both slashes. */
  readonly prefix: string
  readonly certificate: Certificate
  readonly folder: string
}

/** The front's own URL, as links show it. */
export function frontUrl({ port, prefix }: Pick<ProxySite, 'port' | 'prefix'>): string {
  return `https://localhost:${port}${prefix}`
}
